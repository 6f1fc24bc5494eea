import CanonicalJSON
import Homeserver
import MatrixProtocol

/// What a user asks about and does with the own account ("Account management", "Current account information").
package struct AccountManagementRoutes: RouteGroup {
    let accounts: Accounts

    package init(accounts: Accounts) {
        self.accounts = accounts
    }

    package func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/account/whoami", access: .guest, whoami)
        routes.post("/_matrix/client/v3/account/password", access: .user, changePassword)
    }

    private func whoami(_ request: ClientRequest) async throws -> Answer {
        let requester = try request.requester
        var body: JSONObject = ["user_id": .string(requester.userID.string), "is_guest": .bool(requester.isGuest)]
        body["device_id"] = requester.deviceID.map { .string($0) }
        return Answer(body)
    }

    private func changePassword(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let password = try body.required("new_password", as: .string)
        let logsOutDevices = try body.optional("logout_devices", as: .bool) ?? true
        let auth = try body.optional("auth", as: .object)
        return try await Answer.afterInteractiveAuthentication {
            try await accounts.changePassword(of: request.requester, to: password, logsOutDevices: logsOutDevices, auth: auth)
            return .empty
        }
    }
}
