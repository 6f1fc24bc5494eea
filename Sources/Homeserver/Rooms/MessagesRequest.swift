import Store

/// What a client asks of a room's history (`GET /rooms/{roomId}/messages`).
package struct MessagesRequest: Sendable {
    /// Where to begin; nil is the end that the direction leads away from.
    package var from: PaginationToken?
    /// `from` as the client wrote it, which the answer repeats.
    package var fromText: String?
    /// Where to stop; nil is the room's other end.
    package var to: PaginationToken?
    /// Whether to go back in time.
    package var isBackward: Bool
    /// The most events to give.
    package var limit: Int
    package var filter: EventFilter

    package init(
        from: PaginationToken? = nil, fromText: String? = nil, to: PaginationToken? = nil, isBackward: Bool, limit: Int = 10,
        filter: EventFilter = .everything
    ) {
        self.from = from
        self.fromText = fromText
        self.to = to
        self.isBackward = isBackward
        self.limit = limit
        self.filter = filter
    }
}
