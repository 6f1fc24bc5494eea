import CanonicalJSON
import Crypto
import Synchronization
import TestSupport
import Testing

/// Every test user's password.
let testPassword = "correct horse battery staple"

private let uniqueNumber = Atomic(0)

/// `name` with a number that nothing else in this run has.
func unique(_ name: String) -> String {
    "\(name)-\(uniqueNumber.add(1, ordering: .relaxed).newValue)"
}

extension ServerProcess {
    /// A client without an account.
    var anybody: MatrixTestClient {
        MatrixTestClient(baseURL: baseURL)
    }

    /// Registers a user with the server's registration token.
    func newUser(_ name: String = "user") async throws -> MatrixTestClient {
        try await anybody.register(["username": "\(unique(name))", "password": .string(testPassword)], token: registrationToken)
    }
}

extension MatrixTestClient {
    /// The same device, at a server that goes on where its own one was.
    func at(_ server: ServerProcess) -> MatrixTestClient {
        MatrixTestClient(baseURL: server.baseURL, userID: userID, deviceID: deviceID, accessToken: accessToken)
    }

    /// Registers by user-interactive authentication, with the stages of the first flow that the server offers.
    func register(_ body: JSONValue, token: String?) async throws -> MatrixTestClient {
        let response = try await withAuthentication(to: "/register", body: body) { stage in
            stage == "m.login.registration_token" ? ["token": "\(token ?? "")"] : [:]
        }
        return try loggedIn(response.ok())
    }

    /// Makes an account of an administrator, as tools for Synapse do.
    func registerAdministrator(sharedSecret: String) async throws -> MatrixTestClient {
        let path = "/_synapse/admin/v1/register"
        let nonce = try #require(try await request("GET", path).ok()["nonce"]?.stringValue)
        let name = unique("admin")
        let message = [nonce, name, testPassword, "admin"].joined(separator: "\0")
        let code = HMAC<Insecure.SHA1>.authenticationCode(
            for: Array(message.utf8), using: SymmetricKey(data: Array(sharedSecret.utf8)))
        let body: JSONValue = [
            "nonce": "\(nonce)", "username": "\(name)", "password": "\(testPassword)", "admin": true,
            "mac": "\(code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())",
        ]
        let answer = try await request("POST", path, body: body.encoded()).ok()
        var admin = with(accessToken: answer["access_token"]?.stringValue)
        admin.userID = try #require(answer["user_id"]?.stringValue)
        return admin
    }

    /// Goes through user-interactive authentication: repeats a request with each stage of the server's first flow until it is let through.
    ///
    /// - Parameter answer: A stage's own members of `auth`.
    func withAuthentication(
        to path: String, body: JSONValue, answer: (_ stage: String) -> JSONObject
    ) async throws -> Response {
        let target = Self.clientAPI + path
        var response = try await request("POST", target, body: body.encoded())
        var done: Set<String> = []
        while response.status == 401, let session = response.body["session"]?.stringValue {
            let stages = try #require(response.body["flows"]?.arrayValue?.first?["stages"]?.strings)
            let stage = try #require(stages.first { !done.contains($0) })
            done.insert(stage)
            var auth = answer(stage)
            auth["type"] = .string(stage)
            auth["session"] = .string(session)
            var authenticated = try #require(body.objectValue)
            authenticated["auth"] = .object(auth)
            response = try await request("POST", target, body: JSONValue.object(authenticated).encoded())
        }
        return response
    }

    /// Logs in with the password, as another device unless `deviceID` is known already.
    func logIn(password: String = testPassword, deviceID: String? = nil) async throws -> MatrixTestClient {
        var body: JSONObject = [
            "type": "m.login.password", "identifier": ["type": "m.id.user", "user": "\(userID)"], "password": "\(password)",
        ]
        body["device_id"] = deviceID.map { .string($0) }
        return try await loggedIn(with(accessToken: nil).post("login", body: .object(body)).ok())
    }

    /// The client that a registration or login has made.
    private func loggedIn(_ body: JSONValue) throws -> MatrixTestClient {
        MatrixTestClient(
            baseURL: baseURL, userID: try #require(body["user_id"]?.stringValue), deviceID: try #require(body["device_id"]?.stringValue),
            accessToken: try #require(body["access_token"]?.stringValue))
    }
}
