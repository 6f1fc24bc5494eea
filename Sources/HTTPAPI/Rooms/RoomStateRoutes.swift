import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Reading single events, a room's state and its members ("Getting events for a room").
struct RoomStateRoutes: RouteGroup {
    let rooms: Rooms

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/rooms/{roomId}/state", access: .guest, lane: .long, getState)
        routes.get("/_matrix/client/v3/rooms/{roomId}/state/{eventType}", access: .guest) { try getStateEvent($0, stateKey: "") }
        routes.get("/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}", access: .guest) {
            try getStateEvent($0, stateKey: $0.parameter("stateKey"))
        }
        routes.get("/_matrix/client/v3/rooms/{roomId}/event/{eventId}", access: .guest, getEvent)
        routes.get("/_matrix/client/v3/rooms/{roomId}/members", access: .guest, lane: .long, getMembers)
        routes.get("/_matrix/client/v3/rooms/{roomId}/joined_members", access: .user, lane: .long, getJoinedMembers)
    }

    private func getState(_ request: ClientRequest) async throws -> Answer {
        try Answer(rooms.state(of: request.roomID("roomId"), for: request.requester))
    }

    private func getStateEvent(_ request: ClientRequest, stateKey: String) throws -> Answer {
        let key = StateKey(request.parameter("eventType"), stateKey)
        let format = try request.query.choice("format", of: Rooms.StateFormat.self) ?? .content
        return Answer(json: try rooms.state(key, of: request.roomID("roomId"), as: format, for: request.requester))
    }

    private func getEvent(_ request: ClientRequest) async throws -> Answer {
        Answer(json: try rooms.event(request.eventID("eventId"), in: request.roomID("roomId"), for: request.requester))
    }

    private func getMembers(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        let members = try rooms.members(
            of: request.roomID("roomId"), at: query.paginationToken("at")?.position,
            membership: query.choice("membership", of: Membership.self),
            notMembership: query.choice("not_membership", of: Membership.self), for: request.requester)
        return try Answer(members)
    }

    private func getJoinedMembers(_ request: ClientRequest) async throws -> Answer {
        try Answer(rooms.joinedMembers(of: request.roomID("roomId"), for: request.requester))
    }
}
