import CanonicalJSON
import Homeserver
import MatrixProtocol

/// What a user asks about and does with the own account ("Account management", "Current account information").
struct AccountManagementRoutes: RouteGroup {
    let accounts: Accounts

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/account/whoami", access: .guest, isLimited: true, whoami)
        routes.post("/_matrix/client/v3/account/password", access: .optional, isLimited: true, changePassword)
        routes.post("/_matrix/client/v3/account/deactivate", access: .user, isLimited: true, deactivate)
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
            if let requester = request.optionalRequester {
                try await accounts.changePassword(of: requester, to: password, logsOutDevices: logsOutDevices, auth: auth)
            } else {
                try await accounts.resetPassword(
                    to: password, logsOutDevices: logsOutDevices, auth: auth, from: request.clientAddress)
            }
            return .empty
        }
    }

    private func deactivate(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let isErased = try body.optional("erase", as: .bool) ?? false
        _ = try body.optional("id_server", as: .string)
        let auth = try body.optional("auth", as: .object)
        return try await Answer.afterInteractiveAuthentication {
            let isBound = try await accounts.deactivate(request.requester, isErased: isErased, auth: auth)
            return Answer(["id_server_unbind_result": isBound ? "no-support" : "success"])
        }
    }
}
