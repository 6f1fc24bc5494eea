import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

extension Rooms {
    /// Joins a room (`POST /rooms/{roomId}/join`, `POST /join/{roomIdOrAlias}`).
    ///
    /// - Parameters:
    ///   - content: further members of the member event's content, such as a reason.
    ///   - thirdPartySigned: the proof that a third-party invite in the room is the user's.
    /// - Throws: `M_NOT_FOUND` when the room isn't here, `M_FORBIDDEN` when its join rules don't let the user in, `M_GUEST_ACCESS_FORBIDDEN`,
    ///   `M_BAD_JSON`.
    package func join(
        _ roomID: RoomID, content: JSONObject, thirdPartySigned: ThirdPartySigned? = nil, by requester: Requester
    ) async throws {
        try requester.checkNotSuspended()
        guard let room = try database.room(roomID) else {
            throw Self.unknownRoom(roomID)
        }
        try EventContentRules.check(content)
        try ProfileLimits.check(content)
        let user = requester.userID
        if let thirdPartySigned { try await checkKeys(of: thirdPartySigned, in: room, by: requester) }
        let succession = try await commit { [self] commit in
            var content = content
            content["third_party_signed"] = nil
            content["membership"] = .string(Membership.join.rawValue)
            content.addProfile(try commit.view.profile(of: user))
            if let thirdPartySigned { try accept(thirdPartySigned, in: room, commit) }
            let template = try RestrictedJoin.template(content, of: user, in: room, serverName: serverName, commit)
            return try join(by: template, in: room, isGuest: requester.isGuest, commit).succession
        }
        await finish(succession)
    }

    /// Asks to be let into a room (`POST /knock/{roomIdOrAlias}`).
    ///
    /// - Throws: `M_NOT_FOUND` when the room isn't here, `M_FORBIDDEN` when its join rules allow no knocking, or the user is in it or banned.
    package func knock(on roomID: RoomID, reason: String?, by requester: Requester) async throws {
        try requester.checkNotSuspended()
        guard let room = try database.room(roomID) else { throw Self.unknownRoom(roomID) }
        _ = try await commit { [signingKey] commit in
            var content = JSONObject.membership(.knock, reason: reason)
            content.addProfile(try commit.view.profile(of: requester.userID))
            return try commit.send(.member(requester.userID, content, in: room, by: requester.userID), in: room, signingKey: signingKey)
        }
    }

    /// Invites a user (`POST /rooms/{roomId}/invite`).
    ///
    /// - Throws: `M_FORBIDDEN` when the user may not, `M_INVITE_BLOCKED` when the other one doesn't want it.
    package func invite(
        _ user: UserID, to roomID: RoomID, reason: String?, isDirect: Bool = false, by requester: Requester
    ) async throws {
        try requester.checkNotSuspended()
        try StateContentRules.checkInvite(of: user, serverName: serverName)
        let room = try room(roomID)
        let isBlocked = try isInviteBlocked(by: user, from: requester.userID)
        _ = try await commit { [signingKey] commit in
            var content = JSONObject.membership(.invite, reason: reason)
            content.addProfile(try commit.view.profile(of: user))
            if isDirect { content["is_direct"] = true }
            let event = try commit.send(.member(user, content, in: room, by: requester.userID), in: room, signingKey: signingKey)
            // Who may not invite at all is told so, and nothing of the other one.
            if isBlocked { throw MatrixError.inviteBlocked(by: user) }
            return event
        }
    }

    /// Whether a user refuses the invites of another one.
    func isInviteBlocked(by user: UserID, from inviter: UserID) throws -> Bool {
        try accounts.view().invitePermission(of: user).action(on: inviter) == .block
    }

    /// Leaves a room, or turns an invite down (`POST /rooms/{roomId}/leave`).
    ///
    /// - Throws: `M_NOT_FOUND` when the room isn't here, `M_FORBIDDEN` for who isn't in it, `M_CANNOT_LEAVE_SERVER_NOTICE_ROOM`.
    package func leave(_ roomID: RoomID, reason: String?, by requester: Requester) async throws {
        guard let room = try database.room(roomID) else { throw Self.unknownRoom(roomID) }
        try checkMayLeave(room, requester.userID)
        try await setMembership(.leave, of: requester.userID, in: roomID, reason: reason, by: requester) { _ in }
    }

    /// Removes another user from the room (`POST /rooms/{roomId}/kick`).
    package func kick(_ user: UserID, from roomID: RoomID, reason: String?, by requester: Requester) async throws {
        try requester.checkNotSuspended()
        try await setMembership(.leave, of: user, in: roomID, reason: reason, by: requester) { membership in
            guard membership == .join || membership == .invite || membership == .knock else {
                throw MatrixError(.forbidden, "\(user) is not in the room")
            }
        }
    }

    /// Bans a user (`POST /rooms/{roomId}/ban`).
    package func ban(_ user: UserID, from roomID: RoomID, reason: String?, by requester: Requester) async throws {
        try requester.checkNotSuspended()
        try await setMembership(.ban, of: user, in: roomID, reason: reason, by: requester) { _ in }
    }

    /// Lifts a ban (`POST /rooms/{roomId}/unban`).
    package func unban(_ user: UserID, from roomID: RoomID, reason: String?, by requester: Requester) async throws {
        try requester.checkNotSuspended()
        try await setMembership(.leave, of: user, in: roomID, reason: reason, by: requester) { membership in
            guard membership == .ban else { throw MatrixError(.badState, "\(user) is not banned from the room", status: 403) }
        }
    }

    /// Forgets a room that the user has left (`POST /rooms/{roomId}/forget`).
    ///
    /// - Throws: `M_UNKNOWN` with status 400 while the user is in the room or knows it by an invite, `M_NOT_FOUND` when the room isn't here.
    package func forget(_ roomID: RoomID, by requester: Requester) async throws {
        guard let room = try database.room(roomID) else { throw Self.unknownRoom(roomID) }
        try await commit { commit in
            guard case .left = try commit.view.standing(of: requester.userID, in: room.shortID) else {
                throw MatrixError(.unknown, "You have not left this room")
            }
            try commit.forget(room.shortID, by: requester.userID)
        }
    }

    private func setMembership(
        _ membership: Membership, of user: UserID, in roomID: RoomID, reason: String?, by requester: Requester,
        checking check: @escaping @Sendable (Membership?) throws -> Void
    ) async throws {
        let room = try room(roomID)
        _ = try await commit { [signingKey] commit in
            // Who may not act in the room is told so first.
            if user != requester.userID, try !commit.view.isJoined(requester.userID, to: room.shortID) { throw Self.notInRoom }
            try check(try commit.authEvent(.member(user), in: room)?.membership)
            let content = JSONObject.membership(membership, reason: reason)
            return try commit.send(.member(user, content, in: room, by: requester.userID), in: room, signingKey: signingKey)
        }
    }
}

extension EventTemplate {
    /// A member event.
    static func member(_ user: UserID, _ content: JSONObject, in room: Room, by sender: UserID) -> EventTemplate {
        EventTemplate(type: EventType.roomMember, stateKey: user.string, content: content, sender: sender, roomID: room.id)
    }
}

extension JSONObject {
    /// A member event's content.
    static func membership(_ membership: Membership, reason: String? = nil) -> JSONObject {
        var content: JSONObject = ["membership": .string(membership.rawValue)]
        if let reason { content["reason"] = .string(reason) }
        return content
    }

    /// Fills in what member events show of a profile, where the content doesn't say it itself.
    mutating func addProfile(_ profile: JSONObject) {
        for field in [ProfileField.displayName, ProfileField.avatarURL] where self[field] == nil {
            if let value = profile[field] { self[field] = value }
        }
    }
}
