import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Sending notices to users, as Synapse has it ("Server Notices" in its documentation): people and tools know that endpoint.
struct ServerNoticeRoutes: RouteGroup {
    let notices: ServerNotices

    func add(to routes: inout RouteTable) {
        let path = "/_synapse/admin/v1/send_server_notice"
        routes.post(path, access: .user) { try await send($0, transactionID: nil) }
        routes.put(path + "/{txnId}", access: .user) { try await send($0, transactionID: $0.parameter("txnId")) }
    }

    private func send(_ request: ClientRequest, transactionID: String?) async throws -> Answer {
        let body = try await request.body()
        guard let user = UserID(try body.required("user_id", as: .string)) else {
            throw MatrixError(.invalidParameter, "user_id is not a user ID")
        }
        let notice = ServerNotices.Request(
            to: user, type: try body.optional("type", as: .string), stateKey: try body.optional("state_key", as: .string),
            content: try body.required("content", as: .object), transactionID: transactionID)
        return Answer(["event_id": .string(try await notices.send(notice, by: request.requester).string)])
    }
}
