import RoomsDatabase
import Store

/// Which of the events that relate to an event are wanted (`GET /rooms/{roomId}/relations/{eventId}`).
package struct RelationsRequest: Sendable {
    /// The kind of relation; nil for all.
    package var relationType: String?
    /// The type of the events themselves; nil for all.
    package var eventType: String?
    package var from: PaginationToken?
    package var to: PaginationToken?
    /// Whether the newest come first.
    package var isBackward: Bool
    package var limit: Int
    /// Whether what relates to those that relate to the event is wanted too.
    package var recurses: Bool

    package init(
        relationType: String? = nil, eventType: String? = nil, from: PaginationToken? = nil, to: PaginationToken? = nil,
        isBackward: Bool = true, limit: Int, recurses: Bool = false
    ) {
        self.relationType = relationType
        self.eventType = eventType
        self.from = from
        self.to = to
        self.isBackward = isBackward
        self.limit = limit
        self.recurses = recurses
    }

    func wants(_ event: RelatedEvent) -> Bool {
        (relationType == nil || event.relationType == relationType) && (eventType == nil || event.type == eventType)
    }
}
