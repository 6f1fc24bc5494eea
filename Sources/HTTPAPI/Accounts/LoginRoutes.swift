import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Logging in and out, and what goes with access tokens ("Login", "Refreshing access tokens").
struct LoginRoutes: RouteGroup {
    let accounts: Accounts
    /// What clients are told when they have logged in.
    let publicAddress: PublicAddress

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/login", access: .open, isLimited: true, flows)
        routes.post("/_matrix/client/v3/login", access: .open, isLimited: true, logIn)
        routes.post("/_matrix/client/v1/login/get_token", access: .user, isLimited: true, makeLoginToken)
        routes.post("/_matrix/client/v3/refresh", access: .open, isLimited: true, refresh)
        routes.post("/_matrix/client/v3/logout", access: .leavingUser, logOut)
        routes.post("/_matrix/client/v3/logout/all", access: .leavingUser, logOutEverywhere)
    }

    private func flows(_ request: ClientRequest) async throws -> Answer {
        let flows = accounts.loginTypes.map { type -> JSONValue in
            type == .token ? ["type": .string(type.rawValue), "get_login_token": true] : ["type": .string(type.rawValue)]
        }
        return Answer(["flows": .array(flows)])
    }

    private func logIn(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        guard let type = Accounts.LoginType(rawValue: try body.required("type", as: .string)), accounts.loginTypes.contains(type) else {
            throw MatrixError(.unknown, "Unknown type of login", status: 400)
        }
        let device = try request.loginDevice(body)
        let login =
            switch type {
            case .password: try await accounts.logIn(try PasswordCredentials(body.object), on: device)
            case .token: try await accounts.logIn(withToken: try body.required("token", as: .string), on: device)
            case .jsonWebToken: try await accounts.logIn(withJSONWebToken: try body.required("token", as: .string), on: device)
            }
        return Answer(login, wellKnown: publicAddress.clientDocument)
    }

    private func makeLoginToken(_ request: ClientRequest) async throws -> Answer {
        let auth = try await request.body().optional("auth", as: .object)
        return try await Answer.afterInteractiveAuthentication {
            let (token, milliseconds) = try await accounts.makeLoginToken(for: request.requester, auth: auth)
            return Answer(["login_token": .string(token), "expires_in_ms": .integer(milliseconds)])
        }
    }

    private func refresh(_ request: ClientRequest) async throws -> Answer {
        Answer(try await accounts.refresh(try await request.body().required("refresh_token", as: .string)))
    }

    private func logOut(_ request: ClientRequest) async throws -> Answer {
        try await accounts.logOut(request.requester)
        return .empty
    }

    private func logOutEverywhere(_ request: ClientRequest) async throws -> Answer {
        try await accounts.logOutEverywhere(request.requester)
        return .empty
    }
}
