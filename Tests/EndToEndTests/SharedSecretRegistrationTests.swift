import CanonicalJSON
import Crypto
import Testing

/// Synapse's registration with a shared secret, as tools for Synapse use it: `/_synapse/admin/v1/register`.
@Suite(.fewAtATime) struct SharedSecretRegistrationTests {
    private static let path = "/_synapse/admin/v1/register"

    private func nonce() async throws -> String {
        try #require(try await anybody().request("GET", Self.path).ok()["nonce"]?.stringValue)
    }

    /// HMAC-SHA1 over the parts, with zero bytes between them.
    private func mac(_ parts: String..., secret: String = SharedServer.sharedSecret) -> String {
        let message = parts.map { Array($0.utf8) }.joined(separator: [0])
        let code = HMAC<Insecure.SHA1>.authenticationCode(for: Array(message), using: SymmetricKey(data: Array(secret.utf8)))
        return code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func register(_ body: JSONValue) async throws -> Response {
        try await anybody().request("POST", Self.path, body: body.encoded())
    }

    @Test func theSecretRegistersAUser() async throws {
        let (nonce, name) = (try await nonce(), unique("tool"))
        let body = try await register([
            "nonce": "\(nonce)", "username": "\(name)", "password": "\(testPassword)", "admin": false,
            "mac": "\(mac(nonce, name, testPassword, "notadmin"))",
        ]).ok()
        #expect(body["user_id"]?.stringValue == "@\(name):localhost")
        #expect(body["home_server"] == "localhost")
        let client = try await anybody().with(accessToken: #require(body["access_token"]?.stringValue))
        let whoami = try await client.get("account", "whoami").ok()
        #expect(whoami["user_id"] == body["user_id"])
        #expect(whoami["device_id"] == body["device_id"])
    }

    @Test func administratorsAndUserTypesAreCoveredByTheCode() async throws {
        let (first, admin) = (try await nonce(), unique("admin"))
        try await register([
            "nonce": "\(first)", "username": "\(admin)", "password": "\(testPassword)", "admin": true,
            "mac": "\(mac(first, admin, testPassword, "admin"))",
        ]).ok()
        let (second, bot) = (try await nonce(), unique("bot"))
        try await register([
            "nonce": "\(second)", "username": "\(bot)", "password": "\(testPassword)", "user_type": "bot",
            "mac": "\(mac(second, bot, testPassword, "notadmin", "bot"))",
        ]).ok()
        let (third, liar) = (try await nonce(), unique("liar"))
        try await register([
            "nonce": "\(third)", "username": "\(liar)", "password": "\(testPassword)", "admin": true,
            "mac": "\(mac(third, liar, testPassword, "notadmin"))",
        ]).fails(403, "M_FORBIDDEN", "M_UNKNOWN")
    }

    @Test func aWrongSecretIsRefused() async throws {
        let (nonce, name) = (try await nonce(), unique("tool"))
        try await register([
            "nonce": "\(nonce)", "username": "\(name)", "password": "\(testPassword)",
            "mac": "\(mac(nonce, name, testPassword, "notadmin", secret: "wrong"))",
        ]).fails(403, "M_FORBIDDEN", "M_UNKNOWN")
        try await anybody().get("register", "available", query: [("username", name)]).ok()
    }

    @Test func aNonceIsGoodOnce() async throws {
        let nonce = try await nonce()
        func body(_ name: String, _ nonce: String) -> JSONValue {
            [
                "nonce": "\(nonce)", "username": "\(name)", "password": "\(testPassword)",
                "mac": "\(mac(nonce, name, testPassword, "notadmin"))",
            ]
        }
        try await register(body(unique("tool"), nonce)).ok()
        try await register(body(unique("tool"), nonce)).fails(400, "M_UNKNOWN")
        try await register(body(unique("tool"), "never issued")).fails(400, "M_UNKNOWN")
    }

    @Test func aTakenNameIsRefused() async throws {
        let alice = try await newUser("alice")
        let name = String(alice.userID.dropFirst().prefix { $0 != ":" })
        let nonce = try await nonce()
        try await register([
            "nonce": "\(nonce)", "username": "\(name)", "password": "\(testPassword)",
            "mac": "\(mac(nonce, name, testPassword, "notadmin"))",
        ]).fails(400, "M_USER_IN_USE")
    }

    @Test(arguments: ["nonce", "username", "password", "mac"])
    func missingMembersAreRefused(_ member: String) async throws {
        func body(with value: JSONValue?) async throws -> JSONValue {
            let (nonce, name) = (try await nonce(), unique("tool"))
            var body: JSONObject = [
                "nonce": "\(nonce)", "username": "\(name)", "password": "\(testPassword)",
                "mac": "\(mac(nonce, name, testPassword, "notadmin"))",
            ]
            body[member] = value
            return .object(body)
        }
        try await register(body(with: nil)).fails(400, "M_BAD_JSON", "M_MISSING_PARAM")
        try await register(body(with: 1)).fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
    }
}
