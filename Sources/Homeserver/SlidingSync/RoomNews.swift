import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What has happened in a room that the user is or was in, since a client was told of it.
struct RoomNews {
    /// Whether the client is to begin with it, whatever it knows.
    let isInitial: Bool
    /// Whether the timeline goes back further than what the client has not seen, because it wants more of it.
    let isExpanded: Bool
    /// Whether the user's stay has ended.
    let hasEnded: Bool
    /// Nil when the client wants no events.
    let timeline: RoomTimeline?
    /// How many of the timeline's last events are news since the client's position.
    let liveCount: Int
    /// The state after the timeline.
    let end: StateReading
    /// Where it is not what the client has: the keys and what the state has for them now.
    let changes: [(key: StateKey, short: ShortStateKey, event: ShortEventID?)]
    /// The order of the newest event that the timeline could have.
    let newestOrder: Int64
    /// The user's own membership, where the stay has ended: `end` need not have it.
    let ending: [ShortStateKey: ShortEventID]

    private static let filter = EventFilter.everything

    /// A room that the user is in.
    ///
    /// - Parameters:
    ///   - known: up to where the client was told of the room; nil when it wasn't.
    ///   - limitBefore: how many events it wanted then.
    init(
        joined room: ShortRoomID, _ id: RoomID, _ standing: RoomsView.Standing, since joinedSince: Position, known: Position?,
        limitBefore: Int, limit: Int, _ builder: SyncBuilder
    ) throws {
        let view = builder.view
        let known = known.flatMap { joinedSince > $0 ? nil : $0 }
        isInitial = known == nil
        isExpanded = known != nil && limit > limitBefore
        hasEnded = false
        ending = [:]
        let isWhole = isInitial || isExpanded
        let oldest: Int64 = isWhole ? .min : known.map { PDUID.order(of: $0.next) } ?? .min
        timeline =
            try limit > 0
            ? RoomTimeline(
                of: room, id, oldest...Int64.max, standing: standing, isKnown: !isWhole, filter: Self.filter, limit: limit, builder) : nil
        liveCount = Self.liveCount(of: timeline, since: builder.since)
        newestOrder = .max
        let current = try view.currentState(of: room)
        end = StateReading(view: view, room: room, state: current, isCurrent: true)
        changes = try Self.changes(from: known, of: room, to: current, view)
    }

    /// A room that the user has left or was banned from, up to the end of the user's last stay, and who ended it.
    init(
        left room: ShortRoomID, _ id: RoomID, _ left: LeftRoom, known: Position?, limitBefore: Int, limit: Int, _ builder: SyncBuilder
    ) throws {
        let view = builder.view
        isInitial = known == nil
        isExpanded = known != nil && limit > limitBefore
        hasEnded = left.position > known ?? .zero
        // The leave need not stand at its position: a resolution may have brought it about.
        let atEnding = try StateReading(view: view, room: room, state: view.state(of: room, at: left.position), isCurrent: false)
        ending = try atEnding.entries([.member(builder.requester.userID)])
        let isStayNews = left.joinedUntil > known ?? .zero || isExpanded && left.joinedUntil > .zero
        newestOrder = PDUID.order(of: left.joinedUntil)
        let oldest: Int64 = isExpanded ? .min : known.map { PDUID.order(of: $0.next) } ?? .min
        var timeline: RoomTimeline? =
            try limit > 0
            ? RoomTimeline(
                of: room, id, isStayNews ? oldest...newestOrder : nil, standing: .left(left), isKnown: false, filter: Self.filter,
                limit: limit, builder) : nil
        var liveCount = Self.liveCount(of: timeline, since: builder.since)
        if timeline != nil, left.position > left.joinedUntil, isExpanded || hasEnded,
            let event = try ending.values.first.flatMap({ try view.event($0) })
        {
            try timeline?.append(event)
            if let since = builder.since, left.position > since { liveCount += 1 }
        }
        self.timeline = timeline
        self.liveCount = liveCount
        let state = try left.joinedUntil > .zero ? view.state(of: room, at: left.joinedUntil) : .empty
        end = StateReading(view: view, room: room, state: state, isCurrent: false)
        changes = try isStayNews ? Self.changes(from: known, of: room, to: state, view) : []
    }

    /// The timeline's events.
    var events: [StoredEvent] { timeline?.events ?? [] }

    /// Whether something was left out between what the client has and the timeline.
    var isLimited: Bool { timeline?.isLimited ?? false }

    /// Whether memberships are news to the client.
    var haveMembersChanged: Bool { isInitial || changes.contains { $0.short.isMember } }

    /// Whether the client doesn't know what the state says of a key.
    func isNews(_ key: StateKey) -> Bool { isInitial || changes.contains { $0.key == key } }

    private static func liveCount(of timeline: RoomTimeline?, since: Position?) -> Int {
        guard let since, let timeline else { return 0 }
        let oldest = PDUID.order(of: since.next)
        return timeline.orders.count(where: { $0 >= oldest })
    }

    private static func changes(
        from known: Position?, of room: ShortRoomID, to end: ShortStateHash, _ view: RoomsView
    ) throws -> [(key: StateKey, short: ShortStateKey, event: ShortEventID?)] {
        guard let known else { return [] }
        let changes = try view.difference(from: view.state(of: room, at: known), to: end)
        return try zip(changes, view.stateKeys(of: changes.map(\.key))).map { (key: $1, short: $0.key, event: $0.new) }
    }
}
