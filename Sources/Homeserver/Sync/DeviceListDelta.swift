import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Whose devices a client has to look at anew, and whose it can forget ("Tracking the device list for a user").
///
/// `changed`: users who share a room with the requester and have changed their devices or keys, or share it only since then, or are in a room that
/// the requester has joined since then, the requester included; and users whose keys the requester has signed. `left`: users who shared a room
/// with the requester then and share none now.
struct DeviceListDelta {
    private(set) var changed: Set<UserID> = []
    private(set) var left: Set<UserID> = []
    /// Those of `changed` who share a room with the requester that they, or the requester, have joined since then.
    let newlyShared: Set<UserID>

    var isEmpty: Bool { changed.isEmpty && left.isEmpty }

    /// The object with both lists, in order.
    var json: JSONObject {
        func list(_ users: Set<UserID>) -> JSONValue { .array(users.sorted().map { .string($0.string) }) }
        return ["changed": list(changed), "left": list(left)]
    }

    /// - Parameters:
    ///   - rooms: the requester's rooms in which something may have happened.
    ///   - roomsSince: how far the client has seen the rooms.
    ///   - accountsSince: how far it has seen the accounts.
    ///   - log: what the accounts' log has since then; nil when that is too much, or the log doesn't go back so far.
    init(
        of rooms: [SyncBuilder.UserRoom], since roomsSince: Position, _ accountsSince: Position, _ log: [LogEntry]?, _ view: RoomsView,
        _ capture: SyncCapture
    ) throws {
        let user = capture.requester.userID
        var gone: Set<UserID> = []
        for (room, standing) in rooms {
            let memberships = try RoomMemberships(of: room, since: roomsSince, in: view)
            if case .joined(let since) = standing {
                if since > roomsSince { changed.formUnion(try view.joinedMembers(of: room)) }
                guard try since <= roomsSince || memberships.wasJoined(user) else { continue }
                let (joined, left) = try memberships.changes()
                changed.formUnion(joined)
                gone.formUnion(left)
            } else if try memberships.wasJoined(user) {
                gone.formUnion(try memberships.before())
            }
        }
        newlyShared = changed
        for candidate in try Self.usersWithNewKeys(since: accountsSince, log, capture.accounts) where !changed.contains(candidate) {
            if try candidate == user || view.doShareRoom(candidate, user) { changed.insert(candidate) }
        }
        changed.formUnion(try Self.usersSigned(by: user, since: accountsSince, log, capture.accounts))
        gone.remove(user)
        left = try gone.subtracting(changed).filter { try !view.doShareRoom($0, user) }
    }

    /// Users whose devices or keys have changed.
    private static func usersWithNewKeys(since: Position, _ log: [LogEntry]?, _ accounts: PublishedSnapshot) throws -> Set<UserID> {
        let scopes =
            try log?.filter { $0.change.kind == AccountsChange.deviceList.rawValue }.map(\.change.scope)
            ?? accounts.scopes(newerThan: since, from: Scope(.deviceList, [])).filter { $0.kind == .deviceList }
        return Set(try scopes.map { try UserID(encoded: $0.id) })
    }

    /// Users whose keys the user has signed.
    private static func usersSigned(
        by user: UserID, since: Position, _ log: [LogEntry]?, _ accounts: PublishedSnapshot
    ) throws -> [UserID] {
        guard let log else { return try AccountsView(accounts).users(signedBy: user, after: since) }
        return try log.map(\.change).filter { $0.kind == AccountsChange.keySignature.rawValue && $0.scope == .user(user) }.map {
            try UserID(encoded: $0.key)
        }
    }
}

/// The members of a room at a position, and what has become of them.
struct RoomMemberships {
    private let room: ShortRoomID
    private let since: Position
    private let view: RoomsView
    private let state: ShortStateHash

    init(of room: ShortRoomID, since: Position, in view: RoomsView) throws {
        self.room = room
        self.since = since
        self.view = view
        state = try view.state(of: room, at: since)
    }

    /// Whether the user was joined.
    func wasJoined(_ user: UserID) throws -> Bool {
        try view.event(of: .member(user), in: state).flatMap { try view.event($0) }?.membership() == .join
    }

    /// Who is joined that wasn't, or was not all the time; and who was joined and is no longer.
    func changes() throws -> (joined: [UserID], left: [UserID]) {
        let members = try changedMembers()
        let joins = try view.joins(of: members.map(\.user), to: room)
        var (joined, left): ([UserID], [UserID]) = ([], [])
        for (member, join) in zip(members, joins) {
            if let join {
                if join > since { joined.append(member.user) }
            } else if member.wasJoined {
                left.append(member.user)
            }
        }
        return (joined, left)
    }

    /// Who was joined.
    func before() throws -> [UserID] {
        let stayed = try view.joinedMembersWithPositions(of: room).filter { $0.since <= since }.map(\.user)
        return try stayed + changedMembers().filter(\.wasJoined).map(\.user)
    }

    /// Those whose member event is another one than it was, and whether they were joined.
    private func changedMembers() throws -> [(user: UserID, wasJoined: Bool)] {
        let changes = try view.difference(from: state, to: view.currentState(of: room)).filter(\.key.isMember)
        let users = try view.stateKeys(of: changes.map(\.key)).map { UserID($0.key) }
        let events = try view.events(changes.compactMap(\.old))
        let joined = Set(try events.filter { try $0.membership() == .join }.map(\.shortID))
        return zip(users, changes).compactMap { user, change in
            user.map { ($0, change.old.map { joined.contains($0) } ?? false) }
        }
    }
}
