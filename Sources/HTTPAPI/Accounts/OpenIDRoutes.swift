import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Tokens with which users prove to other services who they are ("OpenID").
struct OpenIDRoutes: RouteGroup {
    let accounts: Accounts

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/v3/user/{userId}/openid/request_token", access: .user, isLimited: true, makeToken)
    }

    private func makeToken(_ request: ClientRequest) async throws -> Answer {
        let user = try request.userID("userId")
        let (token, seconds) = try await accounts.makeOpenIDToken(for: user, by: request.requester)
        return Answer([
            "access_token": .string(token), "token_type": "Bearer", "matrix_server_name": .string(user.serverName.string),
            "expires_in": .integer(seconds),
        ])
    }
}

/// What other services ask of such a token ("OpenID" in the server-server API): they need not be homeservers, and don't sign their requests.
struct OpenIDUserInfoRoutes: RouteGroup {
    let accounts: Accounts

    var resources: Set<Resource> { [.federation] }

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/federation/v1/openid/userinfo", access: .open) { request in
            guard let token = try request.query.string("access_token") else { throw MatrixError(.missingToken, "Missing access_token") }
            return Answer(["sub": .string(try accounts.user(ofOpenIDToken: token).string)])
        }
    }
}
