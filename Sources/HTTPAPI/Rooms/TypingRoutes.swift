import Homeserver
import MatrixProtocol

/// Who is typing ("Typing Notifications").
struct TypingRoutes: RouteGroup {
    let typing: Typing

    func add(to routes: inout RouteTable) {
        routes.put("/_matrix/client/v3/rooms/{roomId}/typing/{userId}", access: .user, isLimited: true, setTyping)
    }

    private func setTyping(_ request: ClientRequest) async throws -> Answer {
        let (room, user) = (try request.roomID("roomId"), try request.userID("userId"))
        let body = try await request.body()
        try await typing.set(
            body.required("typing", as: .bool), of: user, in: room, timeoutMilliseconds: body.optional("timeout", as: .integer),
            by: request.requester)
        return .empty
    }
}
