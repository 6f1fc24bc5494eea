import Store

/// Writes to one scope within a commit.
struct StreamWriter {
    private let commit: Commit
    private let scope: Scope
    private let scopeBytes: [UInt8]
    private let limits: StreamLimits
    private(set) var head: StreamHead
    /// When the scope is to be looked at, if it has just been made and has a lifetime.
    private(set) var expiry: Int64?

    /// So many messages are deleted one by one; more by their range, which every later read has to mind.
    private static let singleDeletionsMax = 32

    /// - Parameter lifetime: makes the scope, if it isn't there, one that is removed after so many idle milliseconds; 0 is never, nil makes none.
    /// - Throws: `StreamError.unknownScope`.
    init(_ scope: Scope, lifetime: Int64?, limits: StreamLimits, in commit: Commit) throws {
        self.commit = commit
        self.scope = scope
        self.limits = limits
        scopeBytes = scope.encoded
        if var head = try commit.get(TransitoryMaps.streams, scope) {
            head.activeAt = commit.time
            self.head = head
        } else if let lifetime {
            head = StreamHead(activeAt: commit.time, lifetime: lifetime)
            if lifetime > 0 {
                let moment = commit.time + lifetime
                commit.put(TransitoryMaps.streamExpiries, TupleKey(moment, scopeBytes), Empty())
                expiry = moment
            }
        } else {
            throw StreamError.unknownScope
        }
    }

    /// Writes what is known of the scope; nothing may be pushed after it.
    func finish() {
        commit.put(TransitoryMaps.streams, scope, head)
    }

    /// Sees to it that no number up to this one is given out again.
    mutating func reserve(upTo number: UInt64) {
        head.last = max(head.last, number)
    }

    /// Carries a push out.
    ///
    /// - Parameters:
    ///   - lastNumber: the last number that was given out.
    ///   - takeNumber: gives out the next one; it is called when the push can't be refused any more, and not for a compaction.
    mutating func push(
        _ push: StreamPush, lastNumber: UInt64, _ takeNumber: () -> UInt64
    ) throws -> (outcome: StreamPushOutcome, news: StreamNews?) {
        try limits.check(push)
        var entry = Entry(push.key, try commit.get(TransitoryMaps.streamKeys, TupleKey(scopeBytes, push.key)), emptied: head.emptied)
        let value = push.value ?? []
        let sequence: UInt64
        switch push.action {
        case .relay:
            sequence = takeNumber()
            reserve(upTo: sequence)
        case .append:
            guard entry.key.size < limits.streamLengthMax else {
                throw StreamError.streamTooLong(key: push.key, max: limits.streamLengthMax)
            }
            try makeRoom(for: entry, adding: value.count, removing: nil)
            sequence = takeNumber()
            keep(value, sequence, &entry)
        case .replace:
            let removal = try removal(upTo: entry.key.last, of: entry)
            try makeRoom(for: entry, adding: value.count, removing: removal)
            sequence = takeNumber()
            carryOut(removal, &entry)
            entry.key.compacted = sequence - 1
            keep(value, sequence, &entry)
        case .compact(let end):
            guard end <= lastNumber else { throw StreamError.sequenceAhead(end, last: lastNumber) }
            let isDue = end > entry.key.compacted
            if isDue { try compact(push.value, upTo: end, &entry) }
            let news = StreamNews(key: push.key, message: nil, isKept: true)
            return (StreamPushOutcome(sequence: nil, size: entry.key.size), isDue ? news : nil)
        }
        let news = StreamNews(key: push.key, message: StreamMessage(sequence: sequence, value: value), isKept: push.action != .relay)
        return (StreamPushOutcome(sequence: sequence, size: entry.key.size), news)
    }

    /// A key, and what is known of it.
    private struct Entry {
        let name: String
        let isNew: Bool
        var key: StreamKey

        /// - Parameter emptied: up to where a key may have been compacted of which nothing is known.
        init(_ name: String, _ known: StreamKey?, emptied: UInt64) {
            self.name = name
            isNew = known == nil
            key = known ?? StreamKey()
            if isNew { key.compacted = emptied }
        }
    }

    /// What is deleted of a key, and what is then known of it.
    private struct Removal {
        var messages: [TupleKey<[UInt8], String, UInt64>] = []
        /// In place of `messages`, where those are many.
        var range: KeyRange?
        var left: StreamKey
    }

    private func makeRoom(for entry: Entry, adding added: Int, removing removal: Removal?) throws {
        guard !entry.isNew || head.keys < limits.keysMax else { throw StreamError.tooManyKeys(max: limits.keysMax) }
        let removed = removal.map { entry.key.bytes - $0.left.bytes } ?? 0
        let keyBytes = entry.key.bytes - removed + UInt64(added)
        guard keyBytes <= limits.streamMaxBytes || keyBytes < entry.key.bytes else {
            throw StreamError.streamFull(key: entry.name, maxBytes: limits.streamMaxBytes)
        }
        let bytes = head.bytes - removed + UInt64(added) + (entry.isNew ? UInt64(entry.name.utf8.count) : 0)
        // What makes a full scope smaller is welcome.
        guard bytes <= limits.scopeMaxBytes || bytes < head.bytes else { throw StreamError.scopeFull(maxBytes: limits.scopeMaxBytes) }
    }

    /// Puts a message behind those of its key.
    private mutating func keep(_ value: [UInt8], _ sequence: UInt64, _ entry: inout Entry) {
        put(value, sequence, &entry)
        if entry.key.size == 1 { entry.key.first = sequence }
        entry.key.last = sequence
        write(entry)
        head.lastKept = sequence
        reserve(upTo: sequence)
        // Nobody waits at the notifier for those scopes, which may have more news than all others.
        guard scope.kind != .stream else { return }
        commit.stamp(kind: TransitoryChange.streamMessage.rawValue, scope: scope) { _ in sequence.encoded }
    }

    private mutating func compact(_ value: [UInt8]?, upTo end: UInt64, _ entry: inout Entry) throws {
        let removal = try removal(upTo: end, of: entry)
        if let value { try makeRoom(for: entry, adding: value.count, removing: removal) }
        carryOut(removal, &entry)
        entry.key.compacted = end
        if let value {
            put(value, end, &entry)
            entry.key.first = end
            entry.key.last = max(entry.key.last, end)
        }
        if entry.key.size > 0 { write(entry) } else { forget(entry) }
    }

    /// Has room for another key where one has nothing any more.
    private mutating func forget(_ entry: Entry) {
        head.emptied = max(head.emptied, entry.key.compacted)
        guard !entry.isNew else { return }
        commit.delete(TransitoryMaps.streamKeys, TupleKey(scopeBytes, entry.name))
        head.keys -= 1
        head.bytes -= UInt64(entry.name.utf8.count)
    }

    private mutating func put(_ value: [UInt8], _ sequence: UInt64, _ entry: inout Entry) {
        commit.put(TransitoryMaps.streamMessages, TupleKey(scopeBytes, entry.name, sequence), value)
        entry.key.size += 1
        entry.key.bytes += UInt64(value.count)
        head.bytes += UInt64(value.count)
    }

    private mutating func write(_ entry: Entry) {
        if entry.isNew {
            head.keys += 1
            head.bytes += UInt64(entry.name.utf8.count)
        }
        commit.put(TransitoryMaps.streamKeys, TupleKey(scopeBytes, entry.name), entry.key)
    }

    /// What deleting a key's messages up to a number comes to.
    private func removal(upTo end: UInt64, of entry: Entry) throws -> Removal {
        var removal = Removal(left: entry.key)
        guard entry.key.size > 0, entry.key.first <= end else { return removal }
        (removal.left.size, removal.left.bytes) = (0, 0)
        if entry.key.size == 1 {
            removal.messages = [TupleKey(scopeBytes, entry.name, entry.key.first)]
            return removal
        }
        let range = messages(of: entry, entry.key.first...end)
        let leavesSome = end < entry.key.last
        var (size, bytes) = (UInt64(0), UInt64(0))
        var removed = try commit.domain(TransitoryMaps.streamMessages, range)
        while let (key, value) = try removed.next() {
            size += 1
            bytes += UInt64(value.count)
            if removal.messages.count <= Self.singleDeletionsMax { removal.messages.append(key) }
            if removal.messages.count > Self.singleDeletionsMax { removal.range = range }
            // Those are counted that go, or those that stay, whichever are fewer.
            if removal.range != nil, !leavesSome || size > entry.key.size / 2 { break }
        }
        guard leavesSome else { return removal }
        var left = try commit.domain(TransitoryMaps.streamMessages, messages(of: entry, end + 1...entry.key.last))
        guard size > entry.key.size / 2, removal.range != nil else {
            (removal.left.size, removal.left.bytes) = (entry.key.size - size, entry.key.bytes - bytes)
            if let (first, _) = try left.next() { removal.left.first = first.parts.2 }
            return removal
        }
        while let (key, value) = try left.next() {
            if removal.left.size == 0 { removal.left.first = key.parts.2 }
            removal.left.size += 1
            removal.left.bytes += UInt64(value.count)
        }
        return removal
    }

    private mutating func carryOut(_ removal: Removal, _ entry: inout Entry) {
        if let range = removal.range {
            commit.delete(TransitoryMaps.streamMessages, range)
        } else {
            for message in removal.messages { commit.delete(TransitoryMaps.streamMessages, message) }
        }
        head.bytes -= entry.key.bytes - removal.left.bytes
        entry.key = removal.left
    }

    private func messages(of entry: Entry, _ numbers: ClosedRange<UInt64>) -> KeyRange {
        .streamMessages(of: entry.name, numbers, in: scopeBytes)
    }
}

extension StreamLimits {
    /// - Throws: `StreamError` when no scope would take the push.
    func check(_ push: StreamPush) throws(StreamError) {
        guard push.key.utf8.count <= keyMaxBytes else { throw .keyTooLong(maxBytes: keyMaxBytes) }
        if let value = push.value {
            guard value.count <= valueMaxBytes else { throw .valueTooLarge(maxBytes: valueMaxBytes) }
        } else {
            guard case .compact = push.action else { throw .missingValue }
        }
    }
}
