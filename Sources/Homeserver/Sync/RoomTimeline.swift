import MatrixProtocol
import RoomsDatabase
import Store

/// The newest events of a room that a sync tells of, in their order.
struct RoomTimeline {
    private(set) var events: [StoredEvent] = []
    /// Whether there is more between what the client knows and the first event.
    var isLimited = false
    /// The order of the oldest event.
    private(set) var firstOrder: Int64?
    /// The oldest event, whose state is that before the timeline.
    private(set) var first: ShortEventID?
    /// Whether events after the oldest one are left out because the filter doesn't want them.
    private(set) var hasLeftOut = false

    /// The most events that are looked at and not wanted.
    private static let leftOutMax = 2000

    /// - Parameters:
    ///   - orders: which part of the room's timeline is news to the client; `nil` for none.
    ///   - isKnown: whether the user has been in the room all that time, and so may see everything of it.
    init(of room: ShortRoomID, _ id: RoomID, _ orders: ClosedRange<Int64>?, isKnown: Bool, _ builder: SyncBuilder) throws {
        let filter = builder.request.filter
        guard let orders, filter.timeline.wants(id) else { return }
        let limit = filter.timelineLimit
        var sight = try HistorySight(of: room, by: builder.requester.userID, in: builder.view)
        var newest = try builder.view.timeline(of: room, orders, .backward)
        var leftOut = 0
        while let (pduID, event) = try newest.next() {
            guard try isKnown || sight.canSee(event, at: pduID), events.count < limit, leftOut < Self.leftOutMax else {
                isLimited = true
                break
            }
            guard try filter.timeline.wants(event) else {
                leftOut += 1
                continue
            }
            events.append(event)
            firstOrder = pduID.order
            first = event.shortID
        }
        hasLeftOut = leftOut > 0
        events.reverse()
    }

    /// Adds what came after all others.
    mutating func append(_ event: StoredEvent) {
        events.append(event)
    }
}
