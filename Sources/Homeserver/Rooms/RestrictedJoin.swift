import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Joins by membership in another room ("Restricted rooms").
enum RestrictedJoin {
    /// The event by which a user joins, with somebody who vouches for the join where one is needed. Whom the content itself names for that
    /// doesn't count: the server's signature would make it true.
    static func template(
        _ content: JSONObject, of user: UserID, in room: Room, serverName: ServerName, _ commit: RoomsCommit
    ) throws -> EventTemplate {
        var content = content
        let authorizer = try authorizer(of: user, in: room, serverName: serverName, commit)
        content["join_authorised_via_users_server"] = authorizer.map { .string($0.string) }
        return .member(user, content, in: room, by: user)
    }

    /// The user of this server whose right to invite lets `user` in, or nil where the join needs none: the room is not restricted,
    /// or the user is invited or joined already.
    ///
    /// - Throws: `M_FORBIDDEN` when the user meets none of the room's conditions.
    private static func authorizer(of user: UserID, in room: Room, serverName: ServerName, _ commit: RoomsCommit) throws -> UserID? {
        guard room.version.restrictedJoins, let rules = try commit.authEvent(.joinRules, in: room)?.content,
            JoinRule(rules)?.isRestricted == true
        else { return nil }
        switch try commit.authEvent(.member(user), in: room)?.membership {
        case .invite, .join, .ban: return nil
        case .leave, .knock, nil: break
        }
        let isAllowed = try allowedRooms(rules).contains { allowed in
            try commit.view.shortID(of: allowed).map { try commit.view.isJoined(user, to: $0) } ?? false
        }
        guard isAllowed else {
            throw MatrixError(.forbidden, "You are not in any of the rooms whose members may join this one")
        }
        guard let inviter = try inviter(in: room, serverName: serverName, commit) else {
            throw MatrixError(.forbidden, "Nobody in the room can let you in")
        }
        return inviter
    }

    /// The rooms whose members may join, by the content of the join rules.
    static func allowedRooms(_ rules: JSONObject) -> [RoomID] {
        (rules["allow"]?.arrayValue ?? []).compactMap { condition in
            guard let condition = condition.objectValue, condition["type"]?.stringValue == "m.room_membership" else { return nil }
            return condition["room_id"]?.stringValue.flatMap(RoomID.init)
        }
    }

    /// A member on this server who may invite; nil when there is none.
    private static func inviter(in room: Room, serverName: ServerName, _ commit: RoomsCommit) throws -> UserID? {
        let levels = try commit.powerLevels(in: room)
        func mayInvite(_ user: UserID) -> Bool { user.isOn(serverName) && levels.user(user, has: levels.invite) }
        if let named = try levels.namedUsers.first(where: { try mayInvite($0) && commit.view.isJoined($0, to: room.shortID) }) {
            return named
        }
        // Everybody else has the same power, so where that isn't enough, nobody needs to be looked for.
        guard levels.usersDefault >= levels.invite else { return nil }
        return try commit.view.joinedMembers(of: room.shortID, on: serverName).first(where: mayInvite)
    }
}
