import Store

extension DeviceInbox {
    /// So many messages are read at a time.
    private static let messagesPerRead = 128

    /// The messages that came after a position, the oldest first, at most `limit`.
    ///
    /// - Returns: the messages, and the number of the last one that isn't after the position, if there are such.
    package func messages(
        after position: Position, limit: Int, in reader: any Reader
    ) throws -> (messages: [InboxMessage], lastBefore: UInt64?) {
        var messages: [InboxMessage] = []
        var lastBefore: UInt64?
        var read: UInt64 = 0
        while messages.count < limit {
            let some = try reader.streamMessages(of: Self.key, after: read, in: scope, limit: Self.messagesPerRead)
            for message in try some.map({ try InboxMessage($0) }) {
                if message.position <= position { lastBefore = message.number } else { messages.append(message) }
            }
            guard some.count == Self.messagesPerRead, let last = some.last else { break }
            read = last.sequence
        }
        return (Array(messages.prefix(limit)), lastBefore)
    }

    /// The messages after one, the oldest first, at most `limit`.
    package func messages(after number: UInt64, limit: Int, in reader: any Reader) throws -> [InboxMessage] {
        try reader.streamMessages(of: Self.key, after: number, in: scope, limit: limit).map { try InboxMessage($0) }
    }
}
