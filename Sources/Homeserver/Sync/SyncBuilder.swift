import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Puts one answer together, from one state of each database.
struct SyncBuilder {
    let request: SyncRequest
    let requester: Requester
    let rooms: PublishedSnapshot
    let accounts: PublishedSnapshot
    let now: Int64
    let view: RoomsView
    let accountsView: AccountsView
    /// How far the client has seen the rooms; `nil` in an initial sync. Never beyond what there is.
    let since: Position?

    /// So many entries of a database's log are read; with more since the token, the newest position of each scope is looked up.
    static let logEntriesMax = 1000

    init(request: SyncRequest, requester: Requester, rooms: PublishedSnapshot, accounts: PublishedSnapshot, now: Int64) {
        self.request = request
        self.requester = requester
        self.rooms = rooms
        self.accounts = accounts
        self.now = now
        view = RoomsView(rooms)
        accountsView = AccountsView(accounts)
        since = request.since.map { min($0.rooms.position, rooms.position) }
    }

    /// The answer with `next` as its `next_batch`.
    mutating func answer(next: SyncToken) throws -> SyncAnswer {
        let accountData = try AccountDataDelta(
            of: requester.userID, since: request.since.map { min($0.accounts.position, accounts.position) }, in: accounts)
        let sections = try roomSections(accountData)
        let globalData = accountData.global.filter { request.filter.accountData.wants(type: $0.type) }

        var writer = JSONWriter(capacity: 512 + sections.reduce(0) { $0 + $1.rooms.reduce(0) { $0 + $1.json.count + 64 } })
        writer.beginObject()
        writer.key("next_batch")
        writer.string(next.description)
        if !globalData.isEmpty {
            writer.key("account_data")
            writer.accountData(globalData)
        }
        let filled = sections.filter { !$0.rooms.isEmpty }
        if !filled.isEmpty {
            writer.key("rooms")
            writer.beginObject()
            for section in filled {
                writer.key(section.name)
                writer.beginObject()
                for room in section.rooms {
                    writer.key(room.id.string)
                    writer.raw(room.json)
                }
                writer.endObject()
            }
            writer.endObject()
        }
        writer.key("device_one_time_keys_count")
        writer.object([:])
        writer.key("device_unused_fallback_key_types")
        writer.beginArray()
        writer.endArray()
        writer.endObject()
        return SyncAnswer(bytes: writer.bytes, tellsSomething: !filled.isEmpty || !globalData.isEmpty)
    }

    /// One of the answer's lists of rooms.
    private struct Section {
        let name: String
        var rooms: [(id: RoomID, json: [UInt8])] = []
    }

    private func roomSections(_ accountData: AccountDataDelta) throws -> [Section] {
        var joined = Section(name: "join")
        var invited = Section(name: "invite")
        var knocked = Section(name: "knock")
        var left = Section(name: "leave")
        for (shortID, standing) in try candidates(accountData) {
            let id = try view.roomID(of: shortID)
            guard request.filter.rooms.wants(id) else { continue }
            switch standing {
            case .joined(let joinedSince):
                // For a room that is new to the client there is no time before.
                let known = since.flatMap { joinedSince > $0 ? nil : $0 }
                let delta = try RoomDelta(joined: shortID, id, since: known, self)
                if let json = try delta.joinedJSON(accountData.room(id, isNew: known == nil, in: accountsView, requester.userID)) {
                    joined.rooms.append((id, json))
                }
            case .invited(let invite):
                try addLeave(shortID, id, LeftRoom(position: invite.joinedUntil, joinedUntil: invite.joinedUntil), to: &left)
                if isNew(invite.position) { invited.rooms.append((id, Self.stripped(invite.state, name: "invite_state"))) }
            case .knocked(let knock):
                try addLeave(shortID, id, LeftRoom(position: knock.joinedUntil, joinedUntil: knock.joinedUntil), to: &left)
                if isNew(knock.position) { knocked.rooms.append((id, Self.stripped(knock.state, name: "knock_state"))) }
            case .left(let leave):
                if since != nil {
                    try addLeave(shortID, id, leave, to: &left)
                } else if request.filter.includesLeft, !leave.isForgotten {
                    left.rooms.append((id, try RoomDelta(left: shortID, id, leave, since: nil, self).leftJSON()))
                }
            case .stranger: continue
            }
        }
        return [joined, invited, knocked, left]
    }

    /// Tells of a leave, when the client doesn't know of it.
    private func addLeave(_ shortID: ShortRoomID, _ id: RoomID, _ left: LeftRoom, to section: inout Section) throws {
        guard let since, left.position > since else { return }
        section.rooms.append((id, try RoomDelta(left: shortID, id, left, since: since, self).leftJSON()))
    }

    private func isNew(_ position: Position) -> Bool {
        since.map { position > $0 } ?? true
    }

    /// The rooms that something may have to be told of, and what each is to the user.
    private func candidates(_ accountData: AccountDataDelta) throws -> [(room: ShortRoomID, standing: RoomsView.Standing)] {
        try changedRooms(accountData).compactMap { room in
            let standing = try view.standing(of: requester.userID, in: room)
            return standing == .stranger ? nil : (room, standing)
        }
    }

    private func changedRooms(_ accountData: AccountDataDelta) throws -> [ShortRoomID] {
        guard let since, !request.isFullState else { return try allRooms() }
        var changed = Set(try accountData.rooms.compactMap { try view.shortID(of: $0) })
        let log = try rooms.changes(after: since, limit: Self.logEntriesMax)
        if log.count < Self.logEntriesMax {
            for (_, change) in log {
                switch change.scope.kind {
                case .room: changed.insert(try ShortRoomID(encoded: change.scope.id))
                case .user where change.scope == .user(requester.userID): changed.insert(try ShortRoomID(encoded: change.key))
                default: break
                }
            }
            return changed.sorted()
        }
        let all = try allRooms()
        for (room, newest) in zip(all, try rooms.positions(of: all.map(\.scope))) where newest.map({ $0 > since }) ?? false {
            changed.insert(room)
        }
        return changed.sorted()
    }

    /// Every room that the user has to do with.
    private func allRooms() throws -> [ShortRoomID] {
        let user = requester.userID
        let isLeftWanted = request.since != nil || request.filter.includesLeft
        return try
            (view.joinedRooms(of: user).map(\.room) + view.invitedRooms(of: user).map(\.room) + view.knockedRooms(of: user).map(\.room)
            + (isLeftWanted ? view.leftRooms(of: user).map(\.room) : [])).sorted()
    }

    private static func stripped(_ state: [UInt8], name: String) -> [UInt8] {
        var writer = JSONWriter(capacity: state.count + 64)
        writer.beginObject()
        writer.key(name)
        writer.beginObject()
        writer.key("events")
        writer.raw(state)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}

extension JSONWriter {
    /// Writes entries of account data as the object with their events.
    mutating func accountData(_ entries: [(type: String, content: [UInt8])]) {
        beginObject()
        key("events")
        beginArray()
        for entry in entries {
            beginObject()
            key("type")
            string(entry.type)
            key("content")
            raw(entry.content)
            endObject()
        }
        endArray()
        endObject()
    }
}
