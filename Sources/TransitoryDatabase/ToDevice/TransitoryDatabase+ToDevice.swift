import MatrixProtocol
import Store
import StoredIdentifiers

extension TransitoryDatabase {
    /// How many messages are delivered in one commit, and how many bytes of them with what names their inboxes.
    private static let messagesPerCommit = 300
    private static let bytesPerCommit = 512 << 10
    /// How often a message's inbox is named in what is written for it.
    private static let namingsPerMessage = 6

    /// Puts messages into inboxes, each once, however often the request is repeated. An inbox that is full takes no more.
    ///
    /// A large request takes several commits. Each notes how far it is, so a repetition goes on after it.
    ///
    /// - Parameter messages: one for each inbox at most.
    package func deliver(_ messages: [OutgoingToDevice], _ transaction: ToDeviceTransactionKey) async throws {
        let messages = messages.sorted { $0.inbox.precedes($1.inbox) }
        var rest = messages[...]
        repeat {
            var size = 0
            let some = rest.prefix(Self.messagesPerCommit).prefix { message in
                let ofMessage = message.json.count + Self.namingsPerMessage * message.inbox.scope.id.count
                size += ofMessage
                return size <= max(Self.bytesPerCommit, ofMessage)
            }
            rest = rest.dropFirst(some.count)
            let isLast = rest.isEmpty
            try await database.commit { [streams] commit in
                let known = try commit.get(TransitoryMaps.toDeviceTransactions, transaction)
                if let known, known.last == nil { return }
                // Another request with the same transaction may be further.
                for message in some where known?.last.map({ $0.precedes(message.inbox) }) ?? true {
                    try commit.append(message, streams)
                }
                let done = [known?.last, some.last?.inbox].compactMap(\.self).max { $0.precedes($1) }
                commit.put(
                    TransitoryMaps.toDeviceTransactions, transaction,
                    ToDeviceTransaction(time: commit.time, last: isLast ? nil : done))
                try commit.forgetOldTransactions(near: transaction)
            }
        } while !rest.isEmpty
    }

    /// Lets go of the messages in an inbox up to one, which the device has. After it nobody reads them again, whatever token he comes with.
    package func acknowledge(_ number: UInt64, in inbox: DeviceInbox) async throws {
        let push = StreamPush(key: DeviceInbox.key, value: nil, action: .compact(number))
        do {
            try await streams.push([push], to: inbox.scope)
        } catch StreamError.unknownScope {
            // The device has been removed.
        }
    }

    /// Removes the inboxes that devices of an ID have left, and what they have sent.
    ///
    /// - Parameter present: when the device of that ID was made that there is now; nil for none.
    package func removeInboxes(ofDevice device: String, of user: UserID, but present: Int64?, in commit: Commit) throws {
        var scopes = try commit.domain(TransitoryMaps.streams, DeviceInbox.range(ofDevice: device, of: user))
        let kept = present.map { DeviceInbox(user: user, device: device, createdAt: $0).scope }
        for (scope, _) in try scopes.collect() where scope != kept { try streams.remove(scope, in: commit) }
        if present == nil { commit.delete(TransitoryMaps.toDeviceTransactions, .tuples(user, device as String?)) }
    }
}

extension DeviceInbox {
    /// The order in which a request is carried out.
    fileprivate func precedes(_ other: DeviceInbox) -> Bool {
        if user != other.user { return user < other.user }
        if device != other.device { return device < other.device }
        return createdAt < other.createdAt
    }
}

extension Commit {
    fileprivate func append(_ message: OutgoingToDevice, _ streams: Streams) throws {
        // A message that is kept takes the next position.
        let value = InboxMessage.value(message.json, at: position.next)
        try streams.push(
            [StreamPush(key: DeviceInbox.key, value: value, action: .append)], to: message.inbox.scope, lifetime: 0,
            limits: DeviceInbox.limits, in: self)
    }

    /// So many old transactions are looked at when there is a new one, twice: more than one, so that they get fewer.
    private static let forgottenTransactionsMax = 2

    /// Deletes old transactions of the device, beside the new one and at the beginning, so that none stays for long however IDs are made.
    fileprivate func forgetOldTransactions(near key: ToDeviceTransactionKey) throws {
        let ofDevice = KeyRange.tuples(key.parts.0, key.parts.1)
        for range in [ofDevice, ofDevice.from(key.encoded)] {
            var some = try domain(TransitoryMaps.toDeviceTransactions, range)
            for (key, transaction) in try some.collect(limit: Self.forgottenTransactionsMax)
            where transaction.time + ToDeviceTransaction.lifetimeMilliseconds < time {
                delete(TransitoryMaps.toDeviceTransactions, key)
            }
        }
    }
}
