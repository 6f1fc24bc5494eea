import CanonicalJSON
import Homeserver
import MatrixProtocol

/// The tags that users give to rooms ("Room Tagging").
struct TagRoutes: RouteGroup {
    let accounts: Accounts
    let rooms: Rooms

    func add(to routes: inout RouteTable) {
        let tags = "/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags"
        routes.get(tags, access: .user, getTags)
        routes.put(tags + "/{tag}", access: .user) { request in
            let content = try await request.body().object
            // Tags of other rooms would say nothing to anybody.
            try rooms.checkStanding(of: request.requester, in: request.roomID("roomId"))
            return try await setTag(request, to: content)
        }
        routes.delete(tags + "/{tag}", access: .user) { try await setTag($0, to: nil) }
    }

    private func getTags(_ request: ClientRequest) async throws -> Answer {
        let tags = try accounts.tags(of: request.userID("userId"), on: request.roomID("roomId"), for: request.requester)
        return Answer(["tags": .object(tags)])
    }

    private func setTag(_ request: ClientRequest, to content: JSONObject?) async throws -> Answer {
        try await accounts.setTag(
            request.parameter("tag"), of: request.userID("userId"), on: request.roomID("roomId"), to: content, for: request.requester)
        return .empty
    }
}
