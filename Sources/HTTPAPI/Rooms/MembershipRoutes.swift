import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Joining and leaving rooms, inviting to them, keeping people out ("Room membership").
struct MembershipRoutes: RouteGroup {
    let rooms: Rooms
    let directory: Directory

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/v3/join/{roomIdOrAlias}", access: .guest, isLimited: true, joinByIDOrAlias)
        routes.post("/_matrix/client/v3/rooms/{roomId}/join", access: .guest, isLimited: true, joinByID)
        routes.post("/_matrix/client/v3/knock/{roomIdOrAlias}", access: .user, isLimited: true, knock)
        routes.post("/_matrix/client/v3/rooms/{roomId}/invite", access: .user, isLimited: true, invite)
        routes.post("/_matrix/client/v3/rooms/{roomId}/leave", access: .guest, isLimited: true, leave)
        routes.post("/_matrix/client/v3/rooms/{roomId}/forget", access: .user, isLimited: true, forget)
        routes.post("/_matrix/client/v3/rooms/{roomId}/kick", access: .user) { try await act(on: $0, rooms.kick) }
        routes.post("/_matrix/client/v3/rooms/{roomId}/ban", access: .user) { try await act(on: $0, rooms.ban) }
        routes.post("/_matrix/client/v3/rooms/{roomId}/unban", access: .user) { try await act(on: $0, rooms.unban) }
        routes.get("/_matrix/client/v3/joined_rooms", access: .user, joinedRooms)
    }

    // MARK: - One's own membership

    private func joinByIDOrAlias(_ request: ClientRequest) async throws -> Answer {
        try await join(request.roomIDOrAlias(by: directory), request)
    }

    private func joinByID(_ request: ClientRequest) async throws -> Answer {
        try await join(request.roomID("roomId"), request)
    }

    private func join(_ room: RoomID, _ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        _ = try body.reason()
        let signed = try body.optional("third_party_signed", as: .object).map(ThirdPartySigned.init)
        try await rooms.join(room, content: body.object, thirdPartySigned: signed, by: request.requester)
        return Answer(["room_id": .string(room.string)])
    }

    private func knock(_ request: ClientRequest) async throws -> Answer {
        let room = try request.roomIDOrAlias(by: directory)
        try await rooms.knock(on: room, reason: try await request.body().reason(), by: request.requester)
        return Answer(["room_id": .string(room.string)])
    }

    private func leave(_ request: ClientRequest) async throws -> Answer {
        let room = try request.roomID("roomId")
        try await rooms.leave(room, reason: try await request.body().reason(), by: request.requester)
        return .empty
    }

    private func forget(_ request: ClientRequest) async throws -> Answer {
        let room = try request.roomID("roomId")
        _ = try await request.body()
        try await rooms.forget(room, by: request.requester)
        return .empty
    }

    private func joinedRooms(_ request: ClientRequest) async throws -> Answer {
        Answer(["joined_rooms": .array(try rooms.joinedRooms(of: request.requester).map { .string($0.string) })])
    }

    // MARK: - Other people's

    private func invite(_ request: ClientRequest) async throws -> Answer {
        let room = try request.roomID("roomId")
        let body = try await request.body()
        if body.object["user_id"] == nil, let invite = try body.thirdPartyInvite() {
            try await rooms.invite(invite, to: room, by: request.requester)
            return .empty
        }
        let user = try body.required("user_id", as: .userID)
        try await rooms.invite(user, to: room, reason: body.reason(), by: request.requester)
        return .empty
    }

    private func act(
        on request: ClientRequest, _ action: (UserID, RoomID, _ reason: String?, _ requester: Requester) async throws -> Void
    ) async throws -> Answer {
        let room = try request.roomID("roomId")
        let body = try await request.body()
        try await action(try body.required("user_id", as: .userID), room, body.reason(), request.requester)
        return .empty
    }
}

extension ClientRequest {
    /// The room that the path's `roomIdOrAlias` names.
    ///
    /// - Throws: `M_INVALID_PARAM` when it is neither a room ID nor an alias, `M_NOT_FOUND` when the alias leads nowhere.
    func roomIDOrAlias(by directory: Directory) throws -> RoomID {
        let text = parameter("roomIdOrAlias")
        if let room = RoomID(text) { return room }
        guard let alias = RoomAlias(text) else {
            throw MatrixError(.invalidParameter, "roomIdOrAlias is neither a room ID nor a room alias")
        }
        return try directory.resolve(alias).room
    }
}

extension Body {
    /// Why somebody's membership changes.
    fileprivate func reason() throws(MatrixError) -> String? {
        try optional("reason", as: .string)
    }

    /// The invite by an address that the object describes; nil if it is none ("Third-party invites").
    func thirdPartyInvite() throws(MatrixError) -> ThirdPartyInvite? {
        guard object["medium"] != nil || object["id_server"] != nil else { return nil }
        let address = ThirdPartyAddress(medium: try required("medium", as: .string), address: try required("address", as: .string))
        return ThirdPartyInvite(
            address: address, identityServer: try required("id_server", as: .serverName),
            accessToken: try required("id_access_token", as: .string))
    }
}
