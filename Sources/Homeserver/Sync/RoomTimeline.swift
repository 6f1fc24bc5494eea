import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// The newest events of a room that a sync tells of, in their order.
struct RoomTimeline {
    private(set) var events: [StoredEvent] = []
    /// The user's membership at each of them.
    private(set) var memberships: [ShortEventID: Membership] = [:]
    /// What the user sees of the room's history; nil where that was the user's all the time.
    private(set) var sight: HistorySight?
    /// Whether there is more between what the client knows and the first event.
    var isLimited = false
    /// The orders of the events that stand at their places of the timeline.
    private(set) var orders: [Int64] = []
    /// The order of the oldest event.
    var firstOrder: Int64? { orders.first }
    /// The oldest event, whose state is that before the timeline.
    private(set) var first: ShortEventID?

    /// The most events that are looked at and not wanted.
    private static let leftOutMax = 2000

    /// - Parameters:
    ///   - orders: which part of the room's timeline is news to the client; nil for none.
    ///   - isKnown: whether the user has been in the room all that time, and so may see everything of it.
    ///   - filter: which events are wanted.
    ///   - limit: how many events at most.
    init(
        of room: ShortRoomID, _ id: RoomID, _ orders: ClosedRange<Int64>?, standing: RoomsView.Standing, isKnown: Bool,
        filter: EventFilter, limit: Int, _ builder: SyncBuilder
    ) throws {
        guard var orders, filter.wants(id) else { return }
        if let gap = try builder.view.newestGap(in: room, orders) {
            orders = gap.order...orders.upperBound
            isLimited = true
        }
        var wanted: [(pduID: PDUID, event: StoredEvent)] = []
        var newest = try builder.view.timeline(of: room, orders, .backward)
        var leftOut = 0
        var ignored = 0
        while let entry = try newest.next() {
            guard wanted.count < limit, leftOut + ignored < Self.leftOutMax else {
                isLimited = true
                break
            }
            if try builder.ignored.hide(entry.value) {
                ignored += 1
            } else if try filter.wants(entry.value, in: builder.view) {
                wanted.append((entry.key, entry.value))
            } else {
                leftOut += 1
            }
        }
        if isKnown {
            for (_, event) in wanted { memberships[event.shortID] = .join }
        } else {
            let visible = try visible(wanted, of: room, standing, builder)
            // What the user may not see hides what is before it too, or the timeline would have holes.
            if visible.count < wanted.count { isLimited = true }
            wanted = visible
        }
        self.orders = wanted.reversed().map(\.pduID.order)
        first = wanted.last?.event.shortID
        events = wanted.reversed().map(\.event)
    }

    /// The events that the user may see, from the newest one on to the first that the user may not.
    private mutating func visible(
        _ events: [(pduID: PDUID, event: StoredEvent)], of room: ShortRoomID, _ standing: RoomsView.Standing, _ builder: SyncBuilder
    ) throws -> [(pduID: PDUID, event: StoredEvent)] {
        var sight = try HistorySight(
            of: room, by: builder.requester.userID, in: builder.view, standing: standing, keys: builder.sightKeys)
        try sight.lookAhead(at: events.map(\.event))
        var visible: [(pduID: PDUID, event: StoredEvent)] = []
        for (pduID, stored) in events {
            guard let event = try sight.see(stored, at: pduID) else { break }
            memberships[event.shortID] = try sight.membership(at: event, pduID)
            visible.append((pduID, event))
        }
        self.sight = sight
        return visible
    }

    /// Adds the event that has ended the user's stay, after all others.
    mutating func append(_ event: StoredEvent) throws {
        events.append(event)
        memberships[event.shortID] = try event.membership()
    }
}
