import CanonicalJSON
import Testing

/// "Login" and the use of access tokens: `/login`, `/logout`, `/logout/all`, `/account/whoami`.
@Suite(.fewAtATime) struct LoginTests {
    private func logIn(_ body: JSONValue) async throws -> Response {
        try await anybody().post("login", body: body)
    }

    private func identifier(_ user: String) -> JSONValue {
        ["type": "m.id.user", "user": "\(user)"]
    }

    @Test func passwordIsAmongTheFlows() async throws {
        let flows = try #require(try await anybody().get("login").ok()["flows"]?.arrayValue)
        #expect(flows.contains { $0["type"] == "m.login.password" })
    }

    @Test func byUserIDAndByLocalpart() async throws {
        let alice = try await newUser("alice")
        let localpart = String(alice.userID.dropFirst().prefix { $0 != ":" })
        for user in [alice.userID, localpart] {
            let body = try await logIn([
                "type": "m.login.password", "identifier": identifier(user), "password": "\(testPassword)",
            ]).ok()
            #expect(body["user_id"]?.stringValue == alice.userID)
            #expect(body["device_id"]?.stringValue?.isEmpty == false)
            #expect(body["device_id"]?.stringValue != alice.deviceID)
            let token = try #require(body["access_token"]?.stringValue)
            try await alice.with(accessToken: token).get("account", "whoami").ok()
        }
        // The deprecated form.
        try await logIn(["type": "m.login.password", "user": "\(localpart)", "password": "\(testPassword)"]).ok()
    }

    @Test func aDeviceThatLogsInAgainKeepsItsID() async throws {
        let alice = try await newUser("alice")
        let first = try await alice.logIn(deviceID: "TABLET")
        #expect(first.deviceID == "TABLET")
        let second = try await alice.logIn(deviceID: "TABLET")
        #expect(second.deviceID == "TABLET")
        #expect(second.accessToken != first.accessToken)
        #expect(try await second.get("account", "whoami").ok()["device_id"] == "TABLET")
        // Its old token ends with the new one; other devices stay.
        try await first.get("account", "whoami").fails(401, "M_UNKNOWN_TOKEN")
        try await alice.get("account", "whoami").ok()
    }

    @Test func wrongCredentialsAreForbidden() async throws {
        let alice = try await newUser("alice")
        for (user, password) in [(alice.userID, "wrong"), ("@nobody:localhost", testPassword), ("@alice:elsewhere.example", testPassword)] {
            try await logIn(["type": "m.login.password", "identifier": identifier(user), "password": "\(password)"]).fails(
                403, "M_FORBIDDEN")
        }
    }

    @Test func unknownTypesAreRefused() async throws {
        try await logIn(["type": "m.login.unknown"]).fails(400, "M_UNKNOWN")
        try await logIn(["type": "m.login.password", "identifier": ["type": "m.id.unknown"], "password": "x"])
            .fails(400, "M_UNKNOWN", "M_INVALID_PARAM", "M_BAD_JSON")
    }

    @Test(
        arguments: [
            [:],
            ["type": 1],
            ["type": "m.login.password"],
            ["type": "m.login.password", "identifier": ["type": "m.id.user", "user": "alice"]],
            ["type": "m.login.password", "identifier": ["type": "m.id.user"], "password": "secret"],
            ["type": "m.login.password", "identifier": ["user": "alice"], "password": "secret"],
            ["type": "m.login.password", "identifier": "alice", "password": "secret"],
            ["type": "m.login.password", "identifier": ["type": "m.id.user", "user": 1], "password": "secret"],
            ["type": "m.login.password", "identifier": ["type": "m.id.user", "user": "alice"], "password": ["secret"]],
        ] as [JSONValue])
    func malformedRequestsAreRefused(_ body: JSONValue) async throws {
        try await logIn(body).fails(400, "M_BAD_JSON", "M_MISSING_PARAM", "M_INVALID_PARAM")
    }

    @Test func logoutEndsOneToken() async throws {
        let alice = try await newUser("alice")
        let other = try await alice.logIn()
        try await other.post("logout").ok()
        try await other.get("account", "whoami").fails(401, "M_UNKNOWN_TOKEN")
        try await other.post("logout").fails(401, "M_UNKNOWN_TOKEN")
        try await alice.get("account", "whoami").ok()
    }

    @Test func logoutAllEndsAllTokens() async throws {
        let alice = try await newUser("alice")
        let other = try await alice.logIn()
        try await other.post("logout", "all").ok()
        for client in [alice, other] { try await client.get("account", "whoami").fails(401, "M_UNKNOWN_TOKEN") }
        _ = try await alice.logIn()
    }

    @Test func whoami() async throws {
        let alice = try await newUser("alice")
        let body = try await alice.get("account", "whoami").ok()
        #expect(body["user_id"]?.stringValue == alice.userID)
        #expect(body["device_id"]?.stringValue == alice.deviceID)
        #expect(body["is_guest"]?.boolValue != true)
    }

    @Test func tokensByHeaderAndByQuery() async throws {
        let alice = try await newUser("alice")
        let token = try #require(alice.accessToken)
        let without = alice.with(accessToken: nil)
        try await without.get("account", "whoami", query: [("access_token", token)]).ok()
        try await without.get("account", "whoami", query: [("access_token", "wrong")]).fails(401, "M_UNKNOWN_TOKEN")
        try await without.get("account", "whoami").fails(401, "M_MISSING_TOKEN")
        try await alice.with(accessToken: "wrong").get("account", "whoami").fails(401, "M_UNKNOWN_TOKEN")
        try await without.request("GET", "/_matrix/client/v3/account/whoami", headers: ["Authorization": "Basic \(token)"])
            .fails(401, "M_MISSING_TOKEN")
    }
}
