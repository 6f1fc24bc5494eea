import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What a sync tells of one room that the user is or was in: its timeline since a position, and the state that goes with it.
struct RoomDelta {
    private let room: ShortRoomID
    private let builder: SyncBuilder
    private var timeline: [StoredEvent]
    private let isLimited: Bool
    private let previousBatch: PaginationToken
    private let state: [StoredEvent]
    private let summary: JSONObject?

    /// The most events of a timeline that are looked at, wanted or not.
    private static let eventsScannedMax = 2000
    /// How many members stand for a room without a name.
    private static let heroesMax = 5

    /// - Parameters:
    ///   - since: what the client knows of the room; `nil` when the room is new to it.
    ///   - until: the end of what the user may see of it; `nil` for who is in it.
    init(of room: ShortRoomID, _ id: RoomID, since: Position?, until: Position?, _ builder: SyncBuilder) throws {
        self.room = room
        self.builder = builder
        let view = builder.view
        let oldest = since.map { PDUID.order(of: $0.next) } ?? .min
        let newest = until.map { PDUID.order(of: $0) } ?? .max
        let page = try Self.timeline(of: room, id, oldest, newest, isKnown: since != nil && until == nil, builder)
        timeline = page.events
        isLimited = page.isLimited
        previousBatch = PaginationToken(order: try page.firstOrder.map { $0 - 1 } ?? min(newest, view.newestOrder(of: room) ?? 0))

        let end = try until.map { try view.state(of: room, at: $0) } ?? view.currentState(of: room)
        let start = try page.firstEvent.map { try view.state(before: $0) } ?? end
        let told = builder.request.stateSection == .before ? start : end
        let known = builder.request.isFullState ? nil : since
        let entries = try known.map { try Self.changes(of: room, since: $0, to: told, view) } ?? view.entries(of: told, Self.part(builder))
        state = try Self.stateEvents(entries, id, timeline, told, builder)
        summary = try Self.summary(of: room, since: known, start: start, end: end, builder)
    }

    /// What is told of a room to who has left it: what there was up to the leave, and the event by which the user is not in it now. Who was
    /// not in the room since the token, as when an invite was turned down or a ban came later, learns of nothing but that event.
    init(of room: ShortRoomID, _ id: RoomID, since: Position?, left: LeftRoom, _ builder: SyncBuilder) throws {
        if left.joinedUntil > since ?? Position(0) {
            try self.init(of: room, id, since: since, until: left.joinedUntil, builder)
        } else {
            self.init(nothingOf: room, before: left.position, builder)
        }
        guard left.position > left.joinedUntil, builder.request.filter.timeline.wants(id) else { return }
        if let member = try builder.view.currentEvent(.member(builder.requester.userID), in: room),
            try builder.request.filter.timeline.wants(member)
        {
            timeline.append(member)
        }
    }

    private init(nothingOf room: ShortRoomID, before position: Position, _ builder: SyncBuilder) {
        self.room = room
        self.builder = builder
        timeline = []
        isLimited = false
        previousBatch = PaginationToken(order: PDUID.order(of: position) - 1)
        state = []
        summary = nil
    }

    // MARK: - Timeline

    private struct Page {
        var events: [StoredEvent] = []
        var isLimited = false
        var firstOrder: Int64?
        /// The oldest event, whose state is that before the timeline.
        var firstEvent: ShortEventID?
    }

    private static func timeline(
        of room: ShortRoomID, _ id: RoomID, _ oldest: Int64, _ newest: Int64, isKnown: Bool, _ builder: SyncBuilder
    ) throws -> Page {
        var page = Page()
        let filter = builder.request.filter
        let limit = filter.timelineLimit
        guard oldest <= newest, filter.timeline.wants(id) else { return page }
        var sight = try HistorySight(of: room, by: builder.requester.userID, in: builder.view)
        var events = try builder.view.timeline(of: room, oldest...newest, .backward)
        var scanned = 0
        while let (pduID, event) = try events.next() {
            // Who has been in the room since the token may see all that came after it.
            guard try isKnown || sight.canSee(event, at: pduID) else {
                page.isLimited = true
                break
            }
            guard try filter.timeline.wants(event) else {
                scanned += 1
                if scanned == eventsScannedMax {
                    page.isLimited = true
                    break
                }
                continue
            }
            if page.events.count == limit {
                page.isLimited = true
                break
            }
            page.events.append(event)
            page.firstOrder = pduID.order
            page.firstEvent = event.shortID
        }
        page.events.reverse()
        return page
    }

    // MARK: - State

    /// What of a whole state is wanted before the timeline is looked at.
    private static func part(_ builder: SyncBuilder) -> RoomsView.StatePart {
        builder.request.filter.state.lazyLoadsMembers ? .allButMembers : .everything
    }

    /// The entries of a state that weren't there at a position.
    private static func changes(
        of room: ShortRoomID, since: Position, to state: ShortStateHash, _ view: RoomsView
    ) throws -> [(key: ShortStateKey, event: ShortEventID)] {
        try view.difference(from: view.state(of: room, at: since), to: state).compactMap { key, _, new in new.map { (key, $0) } }
    }

    private static func stateEvents(
        _ entries: [(key: ShortStateKey, event: ShortEventID)], _ id: RoomID, _ timeline: [StoredEvent], _ state: ShortStateHash,
        _ builder: SyncBuilder
    ) throws -> [StoredEvent] {
        let filter = builder.request.filter.state
        guard filter.wants(id) else { return [] }
        var wanted = entries.map(\.event)
        if filter.lazyLoadsMembers {
            let senders = try timeline.compactMap { try JSONFields(scanning: $0.json).string("sender") } + [builder.requester.userID.string]
            let members = try Set(senders).sorted().compactMap { sender in
                try builder.view.event(of: StateKey(EventType.roomMember, sender), in: state)
            }
            wanted = Set(wanted).union(members).sorted()
        }
        return try builder.view.events(wanted).filter { try filter.wants($0) }
    }

    // MARK: - Summary

    /// The room's counts and heroes, when memberships may have changed ("RoomSummary").
    private static func summary(
        of room: ShortRoomID, since: Position?, start: ShortStateHash, end: ShortStateHash, _ builder: SyncBuilder
    ) throws -> JSONObject? {
        let view = builder.view
        if let since {
            let before = try view.state(of: room, at: since)
            guard try before != end && view.difference(from: before, to: end).contains(where: \.key.isMember) else { return nil }
        }
        let counts = try view.memberCounts(of: room)
        var summary: JSONObject = [
            "m.joined_member_count": .integer(Int64(counts.joined)), "m.invited_member_count": .integer(Int64(counts.invited)),
        ]
        guard try !isSet(.name, "name", in: room, view), try !isSet(.canonicalAlias, "alias", in: room, view) else { return summary }
        // One more than needed, since the user's own ID may be among them.
        let others = try view.joinedMembers(of: room, limit: heroesMax + 1) + view.invitedMembers(of: room, limit: heroesMax + 1)
        var heroes = others.filter { $0 != builder.requester.userID }
        if heroes.isEmpty {
            heroes = try view.leftMembers(of: room, limit: heroesMax + 1).filter { $0 != builder.requester.userID }
        }
        summary["m.heroes"] = .array(heroes.prefix(heroesMax).map { .string($0.string) })
        return summary
    }

    private static func isSet(_ key: StateKey, _ member: String, in room: ShortRoomID, _ view: RoomsView) throws -> Bool {
        guard let event = try view.currentEvent(key, in: room), let content = try JSONFields(scanning: event.json).slice("content") else {
            return false
        }
        return try JSONFields(scanning: content).string(member).map { !$0.isEmpty } ?? false
    }

    // MARK: - JSON

    /// The room as it stands in `rooms.join`, or `nil` when there is nothing to tell.
    func joinedJSON(_ accountData: [AccountDataDelta.Entry]) throws -> [UInt8]? {
        let filter = builder.request.filter.roomAccountData
        let accountData = accountData.filter { filter.wants(type: $0.type) }
        if timeline.isEmpty, !isLimited, state.isEmpty, accountData.isEmpty, summary == nil, builder.request.since != nil { return nil }
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        try writeEvents(to: &writer)
        writer.key("ephemeral")
        writer.accountData([])
        writer.key("account_data")
        writer.accountData(accountData)
        writer.key("unread_notifications")
        writer.object(["highlight_count": 0, "notification_count": 0])
        if let summary {
            writer.key("summary")
            writer.object(summary)
        }
        writer.endObject()
        return writer.bytes
    }

    /// The room as it stands in `rooms.leave`.
    func leftJSON() throws -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        try writeEvents(to: &writer)
        writer.key("account_data")
        writer.accountData([])
        writer.endObject()
        return writer.bytes
    }

    private func writeEvents(to writer: inout JSONWriter) throws {
        let clientEvents = ClientEvents(view: builder.view, requester: builder.requester, now: builder.now)
        writer.key("timeline")
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        try clientEvents.write(timeline, roomID: nil, to: &writer)
        writer.endArray()
        writer.key("limited")
        writer.bool(isLimited)
        writer.key("prev_batch")
        writer.string(previousBatch.description)
        writer.endObject()
        writer.key(builder.request.stateSection.rawValue)
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        try clientEvents.write(state, roomID: nil, to: &writer)
        writer.endArray()
        writer.endObject()
    }
}
