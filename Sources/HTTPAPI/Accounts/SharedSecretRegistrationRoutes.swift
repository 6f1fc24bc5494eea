import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Making accounts with the shared secret, as tools for Synapse do it ("Shared-Secret Registration" in Synapse's documentation).
struct SharedSecretRegistrationRoutes: RouteGroup {
    private static let path = "/_synapse/admin/v1/register"

    let accounts: Accounts

    func add(to routes: inout RouteTable) {
        routes.get(Self.path, access: .open, nonce)
        routes.post(Self.path, access: .open, register)
    }

    private func nonce(_ request: ClientRequest) async throws -> Answer {
        Answer(["nonce": .string(try accounts.makeRegistrationNonce())])
    }

    private func register(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let registration = SharedSecretRegistration(
            nonce: try body.required("nonce", as: .string), username: try body.required("username", as: .string),
            password: try body.required("password", as: .string), isAdmin: try body.optional("admin", as: .bool) ?? false,
            userType: try body.optional("user_type", as: .string), mac: try body.required("mac", as: .string),
            device: try request.loginDevice(body), inhibitsLogin: try body.optional("inhibit_login", as: .bool) ?? false)
        return Answer(try await accounts.register(registration))
    }
}
