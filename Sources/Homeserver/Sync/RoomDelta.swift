import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What a sync tells of one room that the user is or was in: its timeline since a position, and the state that goes with it.
struct RoomDelta {
    private let builder: SyncBuilder
    private let room: ShortRoomID
    private let id: RoomID
    private let timeline: RoomTimeline
    private let previousBatch: PaginationToken
    private let state: [StoredEvent]
    /// Whether there is state that the client can't know, members beside.
    private let hasStateNews: Bool
    /// Whether the user has been in the room all that time, and its state is the one that the client knows.
    let isStateKnown: Bool
    /// The events that stick to the room, but those that the timeline has.
    private let sticky: [StoredEvent]
    private let summary: RoomSummary?
    /// What the user has not read; `nil` for who is not in the room.
    private let unread: RoomUnread?

    /// A room that the user is in.
    ///
    /// - Parameter since: what the client knows of the room; `nil` when the room is new to it.
    init(
        joined room: ShortRoomID, _ id: RoomID, joinedSince joined: Position, since: Position?, _ builder: SyncBuilder
    ) throws {
        self.builder = builder
        self.room = room
        self.id = id
        let view = builder.view
        let orders = since.map { PDUID.order(of: $0.next) } ?? .min
        let filter = builder.request.filter
        var timeline = try RoomTimeline(
            of: room, id, orders...Int64.max, standing: .joined(since: joined), isKnown: since != nil, filter: filter.timeline,
            limit: filter.timelineLimit, builder)
        // A room that is new only since the token is told from its beginning, whatever the client knows of an earlier stay.
        if since == nil, builder.since != nil { timeline.isLimited = true }
        self.timeline = timeline
        previousBatch = PaginationToken(order: try timeline.firstOrder.map { $0 - 1 } ?? view.newestOrder(of: room) ?? 0)

        let current = try view.currentState(of: room)
        let states = States(
            room: room, known: try since.map { try view.state(of: room, at: $0) },
            start: try timeline.first.map { try view.state(before: $0) } ?? current, end: current, current: current)
        isStateKnown = states.known == current
        summary =
            try states.changesSummary(in: view) ? RoomSummary(of: room, for: builder.requester.userID, in: view) : nil
        sticky = try builder.sticky.events(in: room, but: Set(timeline.events.map(\.id)), ignoring: builder.ignored, view)
        (state, hasStateNews) = try states.events(for: id, timeline, sticky, heroes: summary?.heroes ?? [], builder)
        unread = try builder.unread(in: room, id, joinedSince: joined)
    }

    /// A room that the user has left or was banned from, told of up to the end of the user's last stay, and who ended it.
    ///
    /// - Parameter since: what the client knows of the room; `nil` when the room is new to it.
    init(left room: ShortRoomID, _ id: RoomID, _ left: LeftRoom, since: Position?, _ builder: SyncBuilder) throws {
        self.builder = builder
        self.room = room
        self.id = id
        let view = builder.view
        let isStayNews = left.joinedUntil > since ?? Position(0)
        let oldest = since.map { PDUID.order(of: $0.next) } ?? .min
        let newest = PDUID.order(of: left.joinedUntil)
        let filter = builder.request.filter
        let ending = left.position > left.joinedUntil ? try builder.ending(of: room, left) : nil
        let isEndingWanted = try ending.map { try filter.timeline.wants(id) && filter.timeline.wants($0, in: view) } ?? false
        var timeline = try RoomTimeline(
            of: room, id, isStayNews ? oldest...newest : nil, standing: .left(left), isKnown: false, filter: filter.timeline,
            limit: max(filter.timelineLimit - (isEndingWanted ? 1 : 0), 0), builder)
        let isEndingShown = isEndingWanted && filter.timelineLimit > 0
        if let ending, isEndingShown { try timeline.append(ending) }
        // A room that is new only since the token is told from its beginning, as one that the user is still in.
        if isEndingWanted && !isEndingShown || since == nil && builder.since != nil { timeline.isLimited = true }
        self.timeline = timeline
        previousBatch = PaginationToken(order: (timeline.firstOrder ?? newest) - 1)
        sticky = []
        isStateKnown = false
        summary = nil
        unread = nil
        var state: [StoredEvent] = []
        var hasStateNews = false
        if isStayNews {
            let end = try view.state(of: room, at: left.joinedUntil)
            let states = States(
                room: room, known: try since.map { try view.state(of: room, at: $0) },
                start: try timeline.first.map { try view.state(before: $0) } ?? end, end: end, current: nil)
            (state, hasStateNews) = try states.events(for: id, timeline, [], heroes: [], builder)
        }
        // The state at the end of the stay has the membership from before.
        if let ending, builder.request.stateSection != .before || !isEndingShown,
            try filter.state.wants(id) && filter.state.wants(ending, in: view)
        {
            state = try state.filter { try !builder.isOwnMembership($0) } + [ending]
        }
        (self.state, self.hasStateNews) = (state, hasStateNews)
    }

    // MARK: - State

    /// The states between which the answer leads.
    private struct States {
        let room: ShortRoomID
        /// What the client knows; `nil` for nothing.
        let known: ShortStateHash?
        /// Before the timeline.
        let start: ShortStateHash
        /// After it.
        let end: ShortStateHash
        /// The room's current state, which is read faster as a whole than others.
        let current: ShortStateHash?

        /// Whether the client may not know who the members are, or by what the room is called.
        func changesSummary(in view: RoomsView) throws -> Bool {
            guard let known else { return true }
            let changes = try view.difference(from: known, to: end)
            if changes.contains(where: \.key.isMember) { return true }
            return try view.stateKeys(of: changes.map(\.key)).contains { $0 == .name || $0 == .canonicalAlias }
        }

        /// The state events to tell of, and whether there is more among them than members that the client may know already.
        func events(
            for id: RoomID, _ timeline: RoomTimeline, _ sticky: [StoredEvent], heroes: [UserID], _ builder: SyncBuilder
        ) throws -> (events: [StoredEvent], areNews: Bool) {
            let filter = builder.request.filter.state
            guard filter.wants(id) else { return ([], false) }
            var wanted = try entries(timeline, builder)
            let news = Set(wanted.values)
            if filter.lazyLoadsMembers {
                let isNewToClient = known == nil || builder.request.isFullState
                var members = try (timeline.events + sticky).compactMap { try $0.sender() } + heroes
                if isNewToClient { members.append(builder.requester.userID) }
                let told = builder.request.stateSection == .before ? start : end
                for member in Set(members).sorted() {
                    guard let key = try builder.view.shortStateKey(.member(member)), wanted[key] == nil,
                        let event = try builder.view.event(of: key, in: told)
                    else { continue }
                    let isRedundant =
                        !isNewToClient && !filter.includesRedundantMembers
                        && builder.toldMembers?.isKnown(LazyMembers.Member(room: room, key: key), by: event) ?? false
                    if !isRedundant { wanted[key] = event }
                }
            }
            let events = try builder.view.events(wanted.values.sorted()).filter { try filter.wants($0, in: builder.view) }
            if let toldMembers = builder.toldMembers {
                let told = Set(events.map(\.shortID))
                for (key, event) in wanted where key.isMember && told.contains(event) {
                    toldMembers.note(LazyMembers.Member(room: room, key: key), event)
                }
            }
            return (events, events.contains { news.contains($0.shortID) })
        }

        /// The entries of the wanted state that the client doesn't know.
        private func entries(_ timeline: RoomTimeline, _ builder: SyncBuilder) throws -> [ShortStateKey: ShortEventID] {
            let view = builder.view
            let isBefore = builder.request.stateSection == .before
            let told = isBefore ? start : end
            var entries: [ShortStateKey: ShortEventID] = [:]
            if known == nil || builder.request.isFullState {
                let part: RoomsView.StatePart = builder.request.filter.state.lazyLoadsMembers ? .allButMembers : .everything
                let all = try told == current ? view.currentEntries(of: room, part) : view.entries(of: told, part)
                for (key, event) in all { entries[key] = event }
            }
            // Also in full state, which with lazily loaded members lacks most of them.
            if let known { for (key, _, new) in try view.difference(from: known, to: told) { entries[key] = new } }
            if isBefore {
                // State that the timeline's filter has left out, or that a resolution has brought, is told of here, or it would never be.
                let shown = Set(timeline.events.map(\.shortID))
                for (key, _, new) in try view.difference(from: start, to: end) {
                    if let new, !shown.contains(new) { entries[key] = new }
                }
            }
            return entries
        }
    }

    // MARK: - JSON

    /// The room as it stands in `rooms.join`, or `nil` when there is nothing to tell.
    ///
    /// - Parameter ephemeral: the room's ephemeral events.
    func joinedJSON(_ accountData: [AccountDataDelta.Entry], _ ephemeral: EphemeralDelta.Events) throws -> [UInt8]? {
        let accountData = wanted(accountData)
        let hasNews =
            !timeline.events.isEmpty || timeline.isLimited || hasStateNews || !accountData.isEmpty || ephemeral.areNews || summary != nil
            || !sticky.isEmpty
        if let since = builder.since, !builder.request.isFullState, !hasNews, unread.map({ $0.basis <= since }) ?? true { return nil }
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        try writeEvents(to: &writer)
        writer.key("ephemeral")
        writer.events(ephemeral.events)
        writer.key("account_data")
        writer.accountData(accountData)
        if !sticky.isEmpty {
            writer.key(Stickiness.member)
            writer.beginObject()
            writer.key("events")
            writer.beginArray()
            try clientEvents.write(sticky, roomID: nil, to: &writer)
            writer.endArray()
            writer.endObject()
        }
        writeUnread(to: &writer)
        if let summary {
            writer.key("summary")
            writer.object(summary.json)
        }
        writer.endObject()
        return writer.bytes
    }

    /// The entries that the filter leaves.
    private func wanted(_ accountData: [AccountDataDelta.Entry]) -> [AccountDataDelta.Entry] {
        let filter = builder.request.filter.roomAccountData
        return filter.wants(id) ? accountData.filter { filter.wants(type: $0.type, from: nil) } : []
    }

    /// Writes how many unread events notify the user: of all threads together, or of each for those who want that.
    private func writeUnread(to writer: inout JSONWriter) {
        let areThreadsApart = builder.request.filter.timeline.wantsUnreadThreads
        let all = (areThreadsApart ? unread?.threads[.main] : unread?.total) ?? UnreadCount()
        writer.key("unread_notifications")
        writer.object(all.json)
        guard areThreadsApart, let threads = unread?.threads else { return }
        writer.key("unread_thread_notifications")
        writer.object(
            threads.reduce(into: [:]) { json, thread in
                if case .root(let root) = thread.key { json[root.string] = .object(thread.value.json) }
            })
    }

    /// The room as it stands in `rooms.leave`.
    func leftJSON(_ accountData: [AccountDataDelta.Entry]) throws -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        try writeEvents(to: &writer)
        writer.key("account_data")
        writer.accountData(wanted(accountData))
        writer.endObject()
        return writer.bytes
    }

    private var clientEvents: ClientEvents {
        ClientEvents(
            view: builder.view, requester: builder.requester, now: builder.now, format: builder.request.filter.format,
            ignored: builder.ignored, memberships: timeline.memberships, sight: timeline.sight, fields: builder.request.filter.eventFields)
    }

    private func writeEvents(to writer: inout JSONWriter) throws {
        var clientEvents = self.clientEvents
        // Whoever has all events of a timeline can see for itself which of them relate to which.
        clientEvents.bundlesAggregations = timeline.isLimited
        writer.key("timeline")
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        try clientEvents.write(timeline.events, roomID: nil, to: &writer)
        writer.endArray()
        writer.key("limited")
        writer.bool(timeline.isLimited)
        writer.key("prev_batch")
        writer.string(previousBatch.description)
        writer.endObject()
        writer.key(builder.request.stateSection.rawValue)
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        clientEvents.sight = nil
        try clientEvents.write(state, roomID: nil, to: &writer)
        writer.endArray()
        writer.endObject()
    }
}
