import CanonicalJSON
import Testing

/// "Password management": `/account/password`.
@Suite(.fewAtATime) struct PasswordTests {
    private static let newPassword = "another long password"

    private func change(_ client: MatrixTestClient, _ extra: JSONObject = [:], current: String = testPassword) async throws -> Response {
        var body = extra
        body["new_password"] = .string(Self.newPassword)
        let target = "/_matrix/client/v3/account/password"
        let first = try await client.request("POST", target, body: JSONValue.object(body).encoded())
        let session = try #require(first.body["session"]?.stringValue)
        body["auth"] = [
            "type": "m.login.password", "session": "\(session)", "password": "\(current)",
            "identifier": ["type": "m.id.user", "user": "\(client.userID)"],
        ]
        return try await client.request("POST", target, body: JSONValue.object(body).encoded())
    }

    @Test func theUserHasToProveThatItIsTheOwner() async throws {
        let alice = try await newUser("alice")
        let response = try await alice.post("account", "password", body: ["new_password": "\(Self.newPassword)"])
        #expect(response.status == 401)
        #expect(response.body["session"]?.stringValue?.isEmpty == false)
        #expect(response.body["flows"]?.arrayValue?.contains { $0["stages"]?.strings == ["m.login.password"] } == true)

        let refused = try await change(alice, current: "wrong")
        refused.fails(401, "M_FORBIDDEN")
        #expect(refused.body["flows"]?.arrayValue?.isEmpty == false)
        _ = try await alice.logIn()
    }

    @Test func theNewPasswordCountsAndOtherDevicesAreLoggedOut() async throws {
        let alice = try await newUser("alice")
        let other = try await alice.logIn()
        try await change(alice).ok()
        try await alice.get("account", "whoami").ok()
        try await other.get("account", "whoami").fails(401, "M_UNKNOWN_TOKEN")
        try await alice.with(accessToken: nil).post(
            "login",
            body: [
                "type": "m.login.password", "identifier": ["type": "m.id.user", "user": "\(alice.userID)"], "password": "\(testPassword)",
            ]
        ).fails(403, "M_FORBIDDEN")
        _ = try await alice.logIn(password: Self.newPassword)
    }

    @Test func otherDevicesStayIfTheUserSaysSo() async throws {
        let alice = try await newUser("alice")
        let other = try await alice.logIn()
        try await change(alice, ["logout_devices": false]).ok()
        try await other.get("account", "whoami").ok()
    }

    @Test func nobodyChangesAnotherUsersPassword() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let session = try #require(
            try await alice.post("account", "password", body: ["new_password": "\(Self.newPassword)"]).body["session"]?.stringValue)
        // Bob's own password, in Alice's session.
        let response = try await alice.post(
            "account", "password",
            body: [
                "new_password": "\(Self.newPassword)",
                "auth": [
                    "type": "m.login.password", "session": "\(session)", "password": "\(testPassword)",
                    "identifier": ["type": "m.id.user", "user": "\(bob.userID)"],
                ],
            ])
        #expect([401, 403].contains(response.status))
        _ = try await alice.logIn()
        _ = try await bob.logIn()
    }

    @Test(arguments: [["new_password": 1], ["new_password": "long enough password", "logout_devices": "yes"]] as [JSONValue])
    func wrongTypesAreRefused(_ body: JSONValue) async throws {
        let alice = try await newUser("alice")
        try await alice.post("account", "password", body: body).fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
    }
}
