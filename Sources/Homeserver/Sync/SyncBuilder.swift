import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Finds out what an answer has to tell of rooms.
struct SyncBuilder {
    let request: SyncRequest
    let requester: Requester
    let now: Int64
    let view: RoomsView
    /// How far the client has seen the rooms; nil in an initial sync. Never beyond what there is.
    let since: Position?
    /// By what the user sees the rooms' histories, for the many rooms of an initial sync; otherwise it is seldom needed, and looked up then.
    let sightKeys: HistorySight.Keys?
    /// Whose events the user doesn't want to see.
    let ignored: IgnoredUsers
    /// The members that the client has been told of and is told of.
    let toldMembers: ToldMembers?
    private let rooms: PublishedSnapshot
    private let unreadCounts: UnreadCounts
    private let accountsView: AccountsView
    private let accountData: AccountDataDelta
    private let ephemeral: EphemeralDelta
    /// What sticks to the rooms.
    var sticky = StickyDelta()

    /// So many entries of a database's log are read; with more since the token, the newest position of each scope is looked up.
    private static let logEntriesMax = 1000
    /// In so many scopes something may have happened since the token; with more, each of the user's rooms is looked at.
    private static let recentScopesMax = 1000

    /// What a database's log has since a position; nil when that is too much, or the log doesn't go back so far.
    static func log(of database: PublishedSnapshot, since: Position) throws -> [LogEntry]? {
        guard let log = try database.changes(after: since, limit: logEntriesMax), log.count < logEntriesMax else { return nil }
        return log
    }

    init(_ capture: SyncCapture, _ accountData: AccountDataDelta, _ ephemeral: EphemeralDelta = EphemeralDelta()) throws {
        self.ephemeral = ephemeral
        request = capture.request
        requester = capture.requester
        now = capture.now
        toldMembers = capture.toldMembers
        rooms = capture.rooms
        unreadCounts = capture.unreadCounts
        view = RoomsView(capture.rooms)
        accountsView = AccountsView(capture.accounts)
        self.accountData = accountData
        since = capture.roomsSince
        ignored = try accountsView.ignoredUsers(of: capture.requester.userID)
        sightKeys = try since == nil ? HistorySight.Keys(for: capture.requester.userID, in: view) : nil
    }

    /// A room that the user has to do with, and what it is to the user.
    typealias UserRoom = (room: ShortRoomID, standing: RoomsView.Standing)

    /// What is to be told of the rooms.
    func rooms(_ userRooms: ArraySlice<UserRoom>) throws -> SyncRooms {
        var rooms = SyncRooms()
        for (shortID, standing) in userRooms {
            let id = try view.roomID(of: shortID)
            if request.filter.rooms.wants(id) { try add(shortID, id, standing, to: &rooms) }
        }
        return rooms
    }

    private func add(_ shortID: ShortRoomID, _ id: RoomID, _ standing: RoomsView.Standing, to rooms: inout SyncRooms) throws {
        switch standing {
        case .joined(let joinedSince):
            // For a room that is new to the client there is no time before.
            let known = since.flatMap { joinedSince > $0 ? nil : $0 }
            let delta = try RoomDelta(joined: shortID, id, joinedSince: joinedSince, since: known, self)
            let passing = try ephemeral.events(in: shortID, id, since: known, self)
            let data = try accountData.room(id, isNew: known == nil, in: accountsView, requester.userID)
            if let json = try delta.joinedJSON(data, passing) { rooms.joined.append((id, json)) }
            if delta.isStateKnown { rooms.withKnownState.insert(shortID) }
        case .invited(let invite):
            try addLeave(shortID, id, LeftRoom(position: invite.joinedUntil, joinedUntil: invite.joinedUntil), to: &rooms)
            if try isNew(invite.position) && !HiddenInvites(of: requester.userID, in: accountsView).contains(invite) {
                rooms.invited.append((id, Self.stripped(invite.state, name: "invite_state")))
            }
        case .knocked(let knock):
            try addLeave(shortID, id, LeftRoom(position: knock.joinedUntil, joinedUntil: knock.joinedUntil), to: &rooms)
            if isNew(knock.position) { rooms.knocked.append((id, Self.stripped(knock.state, name: "knock_state"))) }
        case .left(let leave):
            if since != nil {
                try addLeave(shortID, id, leave, to: &rooms)
            } else if try !leave.isForgotten && (request.filter.includesLeft || wasEndedByOthers(shortID, leave)) {
                try addLeft(shortID, id, leave, to: &rooms)
            }
        case .stranger: break
        }
    }

    /// Tells of a leave, when the client doesn't know of it.
    private func addLeave(_ shortID: ShortRoomID, _ id: RoomID, _ left: LeftRoom, to rooms: inout SyncRooms) throws {
        if let since, left.position > since { try addLeft(shortID, id, left, to: &rooms) }
    }

    private func addLeft(_ shortID: ShortRoomID, _ id: RoomID, _ left: LeftRoom, to rooms: inout SyncRooms) throws {
        let known: Position? = try since.flatMap { try isStay(left, newSince: $0, in: shortID) ? nil : $0 }
        let data = try accountData.room(id, isNew: known == nil, in: accountsView, requester.userID)
        rooms.left.append((id, try RoomDelta(left: shortID, id, left, since: known, self).leftJSON(data)))
    }

    /// Whether the user wasn't in a room at a position, and was after it.
    private func isStay(_ left: LeftRoom, newSince since: Position, in room: ShortRoomID) throws -> Bool {
        guard left.joinedUntil > since else { return false }
        return try !RoomMemberships(of: room, since: since, in: view).wasJoined(requester.userID)
    }

    /// The event that has made a room one that the user has left. It need not stand at its position: a resolution may have brought it about.
    func ending(of room: ShortRoomID, _ left: LeftRoom) throws -> StoredEvent? {
        try view.event(of: .member(requester.userID), in: view.state(of: room, at: left.position)).flatMap { try view.event($0) }
    }

    /// Whether the event says what the room is to the user.
    func isOwnMembership(_ event: StoredEvent) throws -> Bool {
        let fields = try JSONFields(scanning: event.json)
        return fields.string("type") == EventType.roomMember && fields.string("state_key") == requester.userID.string
    }

    /// Whether the user hasn't left a room but was kicked or banned: of that everybody is told.
    private func wasEndedByOthers(_ room: ShortRoomID, _ left: LeftRoom) throws -> Bool {
        guard let ending = try ending(of: room, left) else { return false }
        return try ending.sender() != requester.userID
    }

    /// What the user has not read of a room.
    ///
    /// - Parameter joined: since when the user has been a member.
    func unread(in room: ShortRoomID, _ id: RoomID, joinedSince joined: Position) throws -> RoomUnread {
        try unreadCounts.unread(
            in: room, id, of: requester.userID, joinedSince: joined, ignoring: ignored, view, at: rooms.position, accountsView)
    }

    private func isNew(_ position: Position) -> Bool {
        since.map { position > $0 } ?? true
    }

    /// The rooms that something may have to be told of.
    func changedRooms() throws -> [UserRoom] {
        try changedShortIDs().compactMap { room in
            let standing = try view.standing(of: requester.userID, in: room)
            return standing == .stranger ? nil : (room, standing)
        }
    }

    private func changedShortIDs() throws -> [ShortRoomID] {
        guard let since, !request.isFullState else { return try allRooms() }
        var changed = Set(try accountData.rooms.compactMap { try view.shortID(of: $0) })
        changed.formUnion(ephemeral.rooms)
        if let log = try Self.log(of: rooms, since: since) {
            let ofUser: Set = [RoomsChange.membership.rawValue, RoomsChange.privateReceipt.rawValue]
            for change in log.map(\.change) {
                switch change.scope.kind {
                case .room: changed.insert(try ShortRoomID(encoded: change.scope.id))
                case .user where ofUser.contains(change.kind) && change.scope == .user(requester.userID):
                    changed.insert(try ShortRoomID(encoded: change.key))
                default: break
                }
            }
            return changed.sorted()
        }
        // The log is too long, or doesn't go back so far. Mostly few rooms have made it long.
        if let scopes = rooms.recentScopes(after: since, limit: Self.recentScopesMax), !scopes.contains(.user(requester.userID)) {
            for scope in scopes where scope.kind == .room { changed.insert(try ShortRoomID(encoded: scope.id)) }
            return changed.sorted()
        }
        let all = try standings()
        for (standing, newest) in zip(all, try rooms.positions(of: all.map(\.room.scope))) {
            if standing.since > since || newest.map({ $0 > since }) ?? false { changed.insert(standing.room) }
        }
        if let newest = try rooms.positions(of: [.user(requester.userID)])[0], newest > since {
            changed.formUnion(try view.roomsWithPrivateReceipts(of: requester.userID, in: all.map(\.room), after: since))
        }
        return changed.sorted()
    }

    /// Every room that the user has to do with.
    private func allRooms() throws -> [ShortRoomID] {
        try standings().map(\.room).sorted()
    }

    /// Every room that the user has to do with, and since when it is to the user what it is.
    private func standings() throws -> [(room: ShortRoomID, since: Position)] {
        let user = requester.userID
        return try view.joinedRooms(of: user)
            + view.invitedRooms(of: user).map { ($0.room, $0.invite.position) }
            + view.knockedRooms(of: user).map { ($0.room, $0.knock.position) }
            + view.leftRooms(of: user).map { ($0.room, $0.left.position) }
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
    /// Writes events, which are JSON, as an object with their array.
    mutating func events(_ events: [[UInt8]]) {
        beginObject()
        key("events")
        beginArray()
        for event in events { raw(event) }
        endArray()
        endObject()
    }

    /// Writes entries of account data as the object with their events.
    mutating func accountData(_ entries: [(type: String, content: [UInt8])]) {
        beginObject()
        key("events")
        accountDataEvents(entries)
        endObject()
    }

    /// Writes entries of account data as the array of their events.
    mutating func accountDataEvents(_ entries: [(type: String, content: [UInt8])]) {
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
    }
}
