import Homeserver
import MatrixProtocol
import TransitoryDatabase

/// Who is online ("Presence").
struct PresenceRoutes: RouteGroup {
    let presence: Presence

    func add(to routes: inout RouteTable) {
        let status = "/_matrix/client/v3/presence/{userId}/status"
        routes.get(status, access: .user, getStatus)
        routes.put(status, access: .user, isLimited: true, setStatus)
    }

    private func getStatus(_ request: ClientRequest) async throws -> Answer {
        Answer(try presence.status(of: request.userID("userId"), for: request.requester))
    }

    private func setStatus(_ request: ClientRequest) async throws -> Answer {
        let user = try request.userID("userId")
        let body = try await request.body()
        try await presence.set(
            body.required("presence", as: .choice(of: UserPresence.State.self)),
            statusMessage: body.optional("status_msg", as: .string), of: user, by: request.requester)
        return .empty
    }
}
