import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers
import TransitoryDatabase

/// Messages from device to device ("Send-to-Device messaging"): each is told once, in order, and kept until its device has it.
///
/// Messages to users of other servers are not sent yet.
package final class ToDeviceMessages: Sendable {
    private let accounts: AccountsDatabase
    private let transitory: TransitoryDatabase
    private let serverName: ServerName

    package init(accounts: AccountsDatabase, transitory: TransitoryDatabase, serverName: ServerName) {
        self.accounts = accounts
        self.transitory = transitory
        self.serverName = serverName
    }

    /// Sends messages to devices (`PUT /sendToDevice/{eventType}/{txnId}`). A request that is repeated with its transaction ID sends nothing twice. Users
    /// and devices that aren't there get nothing.
    package func send(_ request: ToDeviceRequest, by requester: Requester) async throws {
        let view = accounts.view()
        var messages: [OutgoingToDevice] = []
        for (user, contents) in request.messages where user.isOn(serverName) {
            // All devices that get the same message share its bytes.
            let events = contents.map { device, content in
                (device: device, json: Self.event(request.type, sender: requester.userID, content: content))
            }
            messages += try Self.messages(events, to: user, in: view)
        }
        let transaction = ToDeviceTransactionKey(requester.userID, requester.deviceID, request.type, request.transactionID)
        try await transitory.deliver(messages, transaction)
    }

    /// The messages to a user's devices. A device that is named gets its own instead of that for all.
    ///
    /// - Parameter events: a message for each device that is named, and for all.
    private static func messages(
        _ events: [(device: String, json: [UInt8])], to user: UserID, in view: AccountsView
    ) throws -> [OutgoingToDevice] {
        var byDevice: [String: (createdAt: Int64, json: [UInt8])] = [:]
        if let forAll = events.first(where: { $0.device == ToDeviceRequest.allDevices })?.json {
            for (device, metadata) in try view.devices(of: user) { byDevice[device] = (metadata.createdAt, forAll) }
        }
        let named = events.filter { $0.device != ToDeviceRequest.allDevices }
        for ((device, json), metadata) in zip(named, try view.metadata(of: named.map(\.device), of: user)) {
            if let metadata { byDevice[device] = (metadata.createdAt, json) }
        }
        return byDevice.map { device, message in
            OutgoingToDevice(inbox: DeviceInbox(user: user, device: device, createdAt: message.createdAt), json: message.json)
        }
    }

    private static func event(_ type: String, sender: UserID, content: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(capacity: content.count + 128)
        writer.beginObject()
        writer.key("content")
        writer.raw(content)
        writer.key("sender")
        writer.string(sender.string)
        writer.key("type")
        writer.string(type)
        writer.endObject()
        return writer.bytes
    }

    // MARK: - Dehydrated devices

    /// The most messages of a dehydrated device in one answer.
    private static let dehydratedMessagesMax = 100

    /// The messages that wait for the requester's dehydrated device (`GET` and `POST /dehydrated_device/{device_id}/events`). They stay until the
    /// device goes.
    ///
    /// - Parameters:
    ///   - token: the `next_batch` of the answer before; nil begins with the oldest.
    ///   - limit: how many messages at most.
    ///   - goesOnUntilEmpty: whether the client goes on until there are no messages in an answer, not only until there is no `next_batch`.
    /// - Returns: `events`, and `next_batch` where the client is to go on.
    /// - Throws: `M_FORBIDDEN` for another device, `M_INVALID_PARAM`.
    package func messages(
        ofDehydratedDevice id: String, from token: String?, limit: Int64?, goesOnUntilEmpty: Bool, for requester: Requester
    ) throws -> [UInt8] {
        let view = accounts.view()
        guard let device = try view.dehydratedDevice(of: requester.userID), device.id == id,
            let metadata = try view.metadata(of: id, of: requester.userID)
        else { throw MatrixError(.forbidden, "This is not your dehydrated device") }
        guard let start = UInt64(token ?? "0") else { throw MatrixError(.invalidParameter, "next_batch is not a token of this server") }
        let count = Int(min(max(limit ?? .max, 1), Int64(Self.dehydratedMessagesMax)))
        let inbox = DeviceInbox(user: requester.userID, device: id, createdAt: metadata.createdAt)
        let messages = try inbox.messages(after: start, limit: count, in: transitory.snapshot())
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        for message in messages { writer.raw(message.json) }
        writer.endArray()
        if let last = messages.last, goesOnUntilEmpty || messages.count == count {
            writer.key("next_batch")
            writer.string(String(last.number))
        }
        writer.endObject()
        return writer.bytes
    }

    // MARK: - Devices that are gone

    /// Removes the inboxes of devices that have been removed, and what is known of what their clients were told.
    static func forgettingDevices(of accounts: AccountsDatabase, in transitory: TransitoryDatabase) -> Follower {
        Follower(
            "inboxes", into: transitory.database, kinds: [AccountsChange.deviceList.rawValue], beginning: .oldestEntry
        ) { news, commit in
            // Who falls that far behind leaves inboxes that nobody can read any more.
            guard case .entries(let entries) = news else { return }
            let view = accounts.view()
            for change in Set(entries.map(\.change)) where !change.key.isEmpty {
                let (user, device) = (try UserID(encoded: change.scope.id), try String(encoded: change.key))
                let present = try view.metadata(of: device, of: user)?.createdAt
                try transitory.removeInboxes(ofDevice: device, of: user, but: present, in: commit)
                try transitory.removeConnections(ofDevice: device, of: user, but: present, in: commit)
            }
        }
    }
}
