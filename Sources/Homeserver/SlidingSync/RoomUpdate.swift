import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// What an answer tells of a room, and what the client was told of it then.
struct RoomUpdate: Sendable {
    let room: ShortRoomID
    let id: RoomID
    /// The room as it stands in `rooms`; nil when there is nothing to tell.
    let json: [UInt8]?
    /// Whether the client is to begin with the room, whatever it knows of it.
    let isInitial: Bool
    /// Whether the timeline goes back further than what the client has not seen.
    let isExpanded: Bool
    /// The timeline's events, and the order of the oldest one.
    let events: Set<EventID>
    let oldestOrder: Int64?
    let sent: SentRoom
    /// What `sent` names by its number.
    let requiredState: RequiredState
}

/// Finds out what to tell of rooms.
struct RoomUpdater {
    let builder: SyncBuilder
    let directRooms: DirectRooms
    /// The wishes for state that the client was told by, by their numbers.
    let requiredStates: [UInt64: RequiredState]

    /// - Parameter sent: what the client was told of the room; nil for nothing.
    func update(_ wanted: WantedRoom, _ sent: SentRoom?) throws -> RoomUpdate {
        let room = wanted.entry.room
        let id = try builder.view.roomID(of: room)
        let known = knownUpTo(sent)
        let limit = wanted.wishes.timelineLimit
        let limitBefore = sent.map { Int(clamping: $0.timelineLimit) } ?? 0
        switch wanted.entry.standing {
        case .joined(let since):
            let news = try RoomNews(
                joined: room, id, wanted.entry.standing, since: since, known: known, limitBefore: limitBefore, limit: limit, builder)
            return try update(wanted, id, sent, news, left: nil)
        case .left(let left):
            let news = try RoomNews(left: room, id, left, known: known, limitBefore: limitBefore, limit: limit, builder)
            return try update(wanted, id, sent, news, left: left)
        case .invited(let stripped), .knocked(let stripped):
            let isNews = known.map { stripped.position > $0 } ?? true
            let json = try isNews ? strippedJSON(id, stripped, isInitial: known == nil) : nil
            // What is known of the room from inside ends here: whoever comes in begins anew.
            return made(wanted, id, json, nil, timelineLimit: limit, sent, known: wanted.wishes.requiredState, members: [])
        case .stranger:
            return made(wanted, id, nil, nil, timelineLimit: limit, sent, known: RequiredState(), members: [])
        }
    }

    /// Up to where the client was told of a room; nil when it wasn't.
    private func knownUpTo(_ sent: SentRoom?) -> Position? { sent.flatMap { $0.upTo ?? builder.since } }

    private func update(_ wanted: WantedRoom, _ id: RoomID, _ sent: SentRoom?, _ news: RoomNews, left: LeftRoom?) throws -> RoomUpdate {
        var told = try ToldState(
            of: news, wanted: wanted.wishes.requiredState, known: sent.map { requiredStates[$0.requiredState] ?? RequiredState() },
            members: sent?.members.map(ShortStateKey.init(number:)) ?? [])
        let unread: RoomUnread? =
            if case .joined(let since) = wanted.entry.standing {
                try builder.unread(in: wanted.entry.room, id, joinedSince: since)
            } else { nil }
        let isNews =
            news.isInitial || news.isExpanded || news.hasEnded || !news.events.isEmpty || news.isLimited || !told.entries.isEmpty
            || news.haveMembersChanged || news.isNews(.name) || news.isNews(.avatar)
            || unread.map { $0.basis > knownUpTo(sent) ?? .zero } ?? false
        if isNews { told.addEnding(of: news, wanted.wishes.requiredState, of: builder.requester.userID) }
        var limit = wanted.wishes.timelineLimit
        // A smaller limit than before matters only where it has left something out.
        if let sent, !news.isInitial, !news.isExpanded, !news.isLimited { limit = max(limit, Int(clamping: sent.timelineLimit)) }
        let json = try isNews ? json(id, news, told, unread?.total ?? UnreadCount(), left: left) : nil
        return made(wanted, id, json, news, timelineLimit: limit, sent, known: told.known, members: told.members)
    }

    private func made(
        _ wanted: WantedRoom, _ id: RoomID, _ json: [UInt8]?, _ news: RoomNews?, timelineLimit: Int, _ sent: SentRoom?,
        known: RequiredState, members: [ShortStateKey]
    ) -> RoomUpdate {
        RoomUpdate(
            room: wanted.entry.room, id: id, json: json, isInitial: news?.isInitial ?? false,
            isExpanded: news?.isExpanded ?? false, events: Set(news?.events.map(\.id) ?? []), oldestOrder: news?.timeline?.firstOrder,
            sent: SentRoom(
                upTo: nil, timelineLimit: Int64(timelineLimit), requiredState: RequiredState.number(of: known.encoded),
                knowsAccountData: sent?.knowsAccountData ?? false, knowsReceipts: sent?.knowsReceipts ?? false,
                members: members.map(\.number)),
            requiredState: known)
    }

    // MARK: - JSON

    private func strippedJSON(_ id: RoomID, _ stripped: StrippedRoom, isInitial: Bool) throws -> [UInt8] {
        let events = try StrippedEvents(of: stripped)
        var writer = JSONWriter(capacity: stripped.state.count + 256)
        writer.beginObject()
        writeHead(id, isInitial: isInitial, bumpStamp: stripped.position, UnreadCount(), to: &writer)
        if let name = events.content(EventType.roomName)?["name"]?.stringValue {
            writer.key("name")
            writer.string(name)
        }
        if let avatar = events.content(EventType.roomAvatar)?["url"]?.stringValue {
            writer.key("avatar")
            writer.string(avatar)
        }
        writer.key("invite_state")
        writer.raw(stripped.state)
        writer.endObject()
        return writer.bytes
    }

    private func json(_ id: RoomID, _ news: RoomNews, _ told: ToldState, _ unread: UnreadCount, left: LeftRoom?) throws -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        try writeHead(id, isInitial: news.isInitial, bumpStamp: bumpStamp(news, left: left), unread, to: &writer)
        try writeName(news, to: &writer)
        if left == nil { try writeMembers(news, to: &writer) }

        var clientEvents = ClientEvents(
            view: builder.view, requester: builder.requester, now: builder.now, bundlesAggregations: true, ignored: builder.ignored,
            memberships: news.timeline?.memberships ?? [:], sight: news.timeline?.sight)
        if let timeline = news.timeline {
            writer.key("limited")
            writer.bool(timeline.isLimited)
            if !timeline.events.isEmpty {
                writer.key("timeline")
                writer.beginArray()
                try clientEvents.write(timeline.events, roomID: nil, to: &writer)
                writer.endArray()
                writer.key("num_live")
                writer.integer(Int64(news.liveCount))
                writer.key("prev_batch")
                writer.string(PaginationToken(order: (timeline.firstOrder ?? news.newestOrder) - 1).description)
            }
            if news.isExpanded {
                writer.key("unstable_expanded_timeline")
                writer.bool(true)
            }
        }
        if !told.entries.isEmpty {
            clientEvents.memberships = [:]
            clientEvents.sight = nil
            writer.key("required_state")
            writer.beginArray()
            try clientEvents.write(builder.view.events(told.entries.values.sorted()), roomID: nil, to: &writer)
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }

    /// Writes what is told of every room.
    private func writeHead(_ id: RoomID, isInitial: Bool, bumpStamp: Position?, _ unread: UnreadCount, to writer: inout JSONWriter) {
        if isInitial {
            writer.key("initial")
            writer.bool(true)
        }
        if directRooms.contains(id) {
            writer.key("is_dm")
            writer.bool(true)
        }
        if let bumpStamp {
            writer.key("bump_stamp")
            writer.integer(bumpStamp.value)
        }
        writer.key("notification_count")
        writer.integer(Int64(unread.notifications))
        writer.key("highlight_count")
        writer.integer(Int64(unread.highlights))
    }

    /// Where clients are to put the room; nil where they have it already.
    private func bumpStamp(_ news: RoomNews, left: LeftRoom?) throws -> Position? {
        if let left { return left.position }
        if let timeline = news.timeline, let newest = try BumpStamp.newest(of: timeline) { return newest }
        return try news.isInitial || news.isExpanded || news.isLimited ? BumpStamp.newest(in: news.end.room, builder.view) : nil
    }

    /// Writes the room's name and avatar, where the client doesn't know them.
    private func writeName(_ news: RoomNews, to writer: inout JSONWriter) throws {
        if news.isNews(.name), let name = try news.end.event(.name)?.contentMember("name")?.stringValue {
            writer.key("name")
            writer.string(name)
        }
        guard news.isNews(.avatar) else { return }
        let avatar = try news.end.event(.avatar)?.contentMember("url")?.stringValue
        // A client that knows of an avatar has to learn that there is none any more.
        if avatar == nil && news.isInitial { return }
        writer.key("avatar")
        writer.value(avatar.map { JSONValue.string($0) } ?? .null)
    }

    /// Writes how many members there are, and who some of them are where the room has no name.
    private func writeMembers(_ news: RoomNews, to writer: inout JSONWriter) throws {
        guard news.haveMembersChanged || news.isNews(.name) else { return }
        let room = news.end.room
        let counts = try builder.view.memberCounts(of: room)
        writer.key("joined_count")
        writer.integer(Int64(counts.joined))
        writer.key("invited_count")
        writer.integer(Int64(counts.invited))
        guard try (news.end.event(.name)?.contentMember("name")?.stringValue ?? "").isEmpty else { return }
        let heroes = try RoomSummary.heroes(of: room, but: builder.requester.userID, in: builder.view)
        writer.key("heroes")
        writer.beginArray()
        for (hero, event) in zip(heroes, try builder.view.currentEvents(heroes.map { .member($0) }, in: room)) {
            writer.beginObject()
            writer.key("user_id")
            writer.string(hero.string)
            for name in ["displayname", "avatar_url"] {
                guard let value = try event?.contentMember(name)?.stringValue else { continue }
                writer.key(name)
                writer.string(value)
            }
            writer.endObject()
        }
        writer.endArray()
    }
}
