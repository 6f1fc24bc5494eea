import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Logging in and out ("Login").
package struct LoginRoutes: RouteGroup {
    let accounts: Accounts

    package init(accounts: Accounts) {
        self.accounts = accounts
    }

    package func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/login", access: .open, flows)
        routes.post("/_matrix/client/v3/login", access: .open, logIn)
        routes.post("/_matrix/client/v3/logout", access: .user, logOut)
        routes.post("/_matrix/client/v3/logout/all", access: .user, logOutEverywhere)
    }

    private func flows(_ request: ClientRequest) async throws -> Answer {
        Answer(["flows": .array(Accounts.loginTypes.map { ["type": .string($0)] })])
    }

    private func logIn(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        guard Accounts.loginTypes.contains(try body.required("type", as: .string)) else {
            throw MatrixError(.unknown, "Unknown type of login", status: 400)
        }
        let device = try request.loginDevice(body)
        return Answer(try await accounts.logIn(try PasswordCredentials(body.object), on: device))
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
