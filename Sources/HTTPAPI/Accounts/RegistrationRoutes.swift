import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Making accounts ("Account registration").
struct RegistrationRoutes: RouteGroup {
    let accounts: Accounts

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/v3/register", access: .open, isLimited: true, register)
        routes.get("/_matrix/client/v3/register/available", access: .open, isLimited: true, available)
        routes.get("/_matrix/client/v1/register/m.login.registration_token/validity", access: .open, isLimited: true, tokenValidity)
    }

    private func register(_ request: ClientRequest) async throws -> Answer {
        let kind = try request.query.choice("kind", of: RegistrationRequest.Kind.self) ?? .user
        let body = try await request.body()
        if kind == .guest {
            let device = LoginDevice(
                displayName: try body.optional("initial_device_display_name", as: .string), address: request.clientAddress)
            return Answer(try await accounts.registerGuest(on: device))
        }
        let registration = RegistrationRequest(
            username: try body.optional("username", as: .string), password: try body.optional("password", as: .string),
            device: try request.loginDevice(body), inhibitsLogin: try body.optional("inhibit_login", as: .bool) ?? false,
            guestAccessToken: try body.optional("guest_access_token", as: .string), auth: try body.optional("auth", as: .object))
        return try await Answer.afterInteractiveAuthentication { Answer(try await accounts.register(registration)) }
    }

    private func available(_ request: ClientRequest) async throws -> Answer {
        try accounts.checkAvailability(ofUsername: try request.query.required("username"), from: request.clientAddress)
        return Answer(["available": true])
    }

    private func tokenValidity(_ request: ClientRequest) async throws -> Answer {
        let token = try request.query.required("token")
        return Answer(["valid": .bool(try await accounts.isValidRegistrationToken(token, from: request.clientAddress))])
    }
}
