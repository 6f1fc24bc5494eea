import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

extension Rooms {
    /// The length of the random part of a room ID.
    static let roomIDLength = 18
    /// How often a room is made anew because there is one of its ID.
    private static let roomIDAttemptsMax: Int64 = 20
    /// The most invites and state events that a creation can have in all, so that they fit into one commit.
    package static let initialEventsMax = 150

    /// Makes a room with all that the request asks for, in one commit (`POST /createRoom`).
    ///
    /// - Throws: `M_UNSUPPORTED_ROOM_VERSION`, `M_ROOM_IN_USE` for the alias, `M_INVALID_ROOM_STATE`, `M_INVALID_PARAM`, `M_BAD_JSON`,
    ///   `M_BAD_ALIAS`, `M_FORBIDDEN`, `M_INVITE_BLOCKED`; what a third-party invite throws, when the room is there already.
    package func create(_ request: CreateRoomRequest, by requester: Requester) async throws -> RoomID {
        try requester.checkNotSuspended()
        let version = try request.roomVersion.map(Self.supportedVersion) ?? defaultVersion
        let alias = try request.aliasLocalpart.map(alias)
        guard request.invite.count + request.thirdPartyInvites.count + request.initialState.count <= Self.initialEventsMax else {
            throw MatrixError(.invalidParameter, "A creation can have \(Self.initialEventsMax) invites and state events at most")
        }
        for content in [request.creationContent, request.powerLevelOverride] + request.initialState.map(\.content) {
            try EventContentRules.check(content)
        }
        // Create events of the same millisecond can be the same, and then name the same room; so the next one is a moment later.
        let now = environment.clock.now()
        for time in now..<now + Self.roomIDAttemptsMax {
            let newRoom = try newRoom(request, version: version, alias: alias, creator: requester.userID, at: time)
            let made = try await commit { [self] commit -> (id: RoomID, succession: IntentID?)? in
                if let alias, try commit.view.room(of: alias) != nil { throw MatrixError(.roomInUse, "The alias \(alias) is taken") }
                guard let room = try commit.create(newRoom) else { return nil }
                if let alias { commit.setAlias(alias, to: room, by: requester.userID) }
                if request.visibility == .public { try commit.setPublic(true, room.shortID) }
                return (room.id, try beginSuccession(to: room, for: requester.userID, commit))
            }
            if let made {
                await finish(made.succession)
                // An identity server wants to know the room's ID, so the room is there when it is asked.
                for invite in request.thirdPartyInvites {
                    try await self.invite(invite, to: made.id, isDirect: request.isDirect, by: requester)
                }
                return made.id
            }
        }
        throw MatrixError(.unknown, "Too many rooms like this are being made at once", status: 503)
    }

    static func supportedVersion(_ id: String) throws -> RoomVersion {
        guard let version = RoomVersion(id) else {
            throw MatrixError(.unsupportedRoomVersion, "This server does not support room version \(id)")
        }
        return version
    }

    private func alias(localpart: String) throws -> RoomAlias {
        guard let alias = RoomAlias(localpart: localpart, serverName: serverName) else {
            throw MatrixError(.invalidParameter, "\(localpart) can't be an alias")
        }
        try alias.checkMaking(on: serverName)
        return alias
    }

    /// The room's events, in the order that the specification wants: create, the creator's join, power levels, canonical alias, the
    /// preset, initial state, name, topic, invites.
    private func newRoom(
        _ request: CreateRoomRequest, version: RoomVersion, alias: RoomAlias?, creator: UserID, at originServerTS: Int64
    ) throws -> NewRoom {
        do {
            let view = database.view()
            var room = try beginRoom(
                version: version, content: createContent(request, version: version, creator: creator), creator: creator,
                at: originServerTS, in: view)
            try room.set(.powerLevels, powerLevels(request, room))
            if let alias { try room.set(.canonicalAlias, ["alias": .string(alias.string)]) }
            let given = Set(request.initialState.map(\.key))
            for (key, content) in request.effectivePreset.state where !given.contains(key) { try room.set(key, content) }
            for (key, content) in request.initialState {
                guard key.type != EventType.roomCreate else {
                    throw MatrixError(.invalidRoomState, "The create event is set by creation_content, not by initial_state")
                }
                try StateContentRules(in: room, alias: alias, serverName: serverName).check(key, content)
                if let user = try blockingInvitee(of: key, content, from: creator) { throw MatrixError.inviteBlocked(by: user) }
                try room.set(key, content)
            }
            if let name = request.name { try room.set(.name, ["name": .string(name)]) }
            if let topic = request.topic { try room.set(.topic, Self.topic(topic)) }
            var invited: Set<UserID> = []
            for user in request.invite where invited.insert(user).inserted {
                try StateContentRules.checkInvite(of: user, serverName: serverName)
                if try isInviteBlocked(by: user, from: creator) { throw MatrixError.inviteBlocked(by: user) }
                var invite = JSONObject.membership(.invite)
                invite.addProfile(try view.profile(of: user))
                if request.isDirect { invite["is_direct"] = true }
                try room.set(.member(user), invite)
            }
            return room
        } catch let error as AuthorizationError {
            throw MatrixError(.invalidRoomState, "The room's first events contradict each other: \(error)")
        } catch let error as EventFormatError {
            throw MatrixError(event: error)
        }
    }

    /// A room with its create event, and its creator's join with what the creator shows of themselves.
    ///
    /// - Throws: `AuthorizationError`, `EventFormatError`.
    func beginRoom(
        version: RoomVersion, content: JSONObject, creator: UserID, at originServerTS: Int64, in view: RoomsView
    ) throws -> NewRoom {
        let randomID = RoomID("!\(environment.random.alphanumeric(Self.roomIDLength)):\(serverName)")
        var room = try NewRoom(
            version: version, roomID: version.roomIDIsCreateHash ? nil : randomID, creator: creator, content: content,
            originServerTS: originServerTS, serverName: serverName, signingKey: signingKey)
        var join = JSONObject.membership(.join)
        join.addProfile(try view.profile(of: creator))
        try room.set(.member(creator), join)
        return room
    }

    private static func topic(_ text: String) -> JSONObject {
        ["topic": .string(text), "m.topic": ["m.text": [["body": .string(text)]]]]
    }

    private func createContent(_ request: CreateRoomRequest, version: RoomVersion, creator: UserID) throws -> JSONObject {
        var content = request.creationContent
        content["room_version"] = .string(version.id)
        content["creator"] = version.creatorIsSender ? nil : .string(creator.string)
        guard version.creatorsArePrivileged else { return content }
        var creators: [UserID] = []
        if let additional = content["additional_creators"] {
            let users = additional.arrayValue?.map { $0.stringValue.flatMap(UserID.init) }
            guard let users, !users.contains(nil) else {
                throw MatrixError(.invalidParameter, "additional_creators must be an array of user IDs")
            }
            creators = users.compactMap(\.self)
        }
        if request.effectivePreset == .trustedPrivateChat {
            for user in request.invite where !creators.contains(user) && user != creator { creators.append(user) }
        }
        if !creators.isEmpty { content["additional_creators"] = .array(creators.map { .string($0.string) }) }
        return content
    }

    /// The power levels of a new room: the defaults, what the preset wants, and what the request sets over them.
    private func powerLevels(_ request: CreateRoomRequest, _ room: NewRoom) throws -> JSONObject {
        let version = room.version
        var users: JSONObject = [:]
        if !version.creatorsArePrivileged {
            users[room.events[0].sender.string] = 100
            if request.effectivePreset == .trustedPrivateChat {
                for user in request.invite { users[user.string] = 100 }
            }
        }
        var content: JSONObject = [
            "users": .object(users), "users_default": 0, "events_default": 0, "state_default": 50, "ban": 50, "kick": 50, "redact": 50,
            "invite": .integer(request.effectivePreset == .publicChat ? 50 : 0), "historical": 100,
            "events": [
                "m.room.name": 50, "m.room.power_levels": 100, "m.room.history_visibility": 100, "m.room.canonical_alias": 50,
                "m.room.avatar": 50, "m.room.tombstone": .integer(version.creatorsArePrivileged ? 150 : 100), "m.room.server_acl": 100,
                "m.room.encryption": 100,
            ],
        ]
        for (key, value) in request.powerLevelOverride { content[key] = value }
        if version.creatorsArePrivileged { Self.keepTombstoneAboveState(&content) }
        try StateContentRules.checkPowerLevels(content, create: room.events[0], version: version)
        return content
    }

    /// Sending a tombstone needs more than other state does, whatever the override says of the rest.
    private static func keepTombstoneAboveState(_ content: inout JSONObject) {
        guard var events = content["events"]?.objectValue, events[EventType.roomTombstone] == nil else { return }
        let stateDefault = content["state_default"]?.integerValue ?? 50
        events[EventType.roomTombstone] = .integer(max(150, min(stateDefault, EventContentRules.integerMax - 1) + 1))
        content["events"] = .object(events)
    }
}
