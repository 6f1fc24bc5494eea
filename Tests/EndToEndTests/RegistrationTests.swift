import CanonicalJSON
import TestSupport
import Testing

/// "Account registration" of the client-server API: `/register`, `/register/available`, and user-interactive authentication in general.
@Suite(.fewAtATime) struct RegistrationTests {
    private func password() -> JSONValue { .string(testPassword) }

    @Test func theTokenThatTheServerPrintsLetsPeopleRegister() async throws {
        let server = try await SharedServer.server
        let name = unique("alice")
        let alice = try await server.anybody.register(
            ["username": "\(name)", "password": password(), "device_id": "PHONE", "initial_device_display_name": "Phone"],
            token: server.registrationToken)
        #expect(alice.userID == "@\(name):localhost")
        #expect(alice.deviceID == "PHONE")
        let whoami = try await alice.get("account", "whoami").ok()
        #expect(whoami["user_id"]?.stringValue == alice.userID)
        #expect(whoami["device_id"]?.stringValue == "PHONE")
    }

    @Test func theFirstAnswerNamesTheFlows() async throws {
        let response = try await anybody().post("register", body: ["username": "\(unique("alice"))", "password": password()])
        #expect(response.status == 401)
        #expect(response.body["session"]?.stringValue?.isEmpty == false)
        #expect(response.body["params"]?.objectValue != nil)
        let flows = try #require(response.body["flows"]?.arrayValue)
        #expect(flows.allSatisfy { $0["stages"]?.strings?.contains("m.login.registration_token") == true })
        #expect(!flows.isEmpty)
    }

    @Test func authWithoutATypeBeginsASession() async throws {
        let response = try await anybody().post(
            "register", body: ["username": "\(unique("alice"))", "password": password(), "auth": ["unknown": "member"]])
        #expect(response.status == 401)
        #expect(response.body["session"]?.stringValue?.isEmpty == false)
    }

    @Test func aWrongTokenIsRefusedAndTheSessionGoesOn() async throws {
        let server = try await SharedServer.server
        let anybody = server.anybody
        let name = unique("alice")
        let body: JSONObject = ["username": "\(name)", "password": password()]
        let session = try #require(await anybody.post("register", body: .object(body)).body["session"]?.stringValue)
        var wrong = body
        wrong["auth"] = ["type": "m.login.registration_token", "token": "wrong", "session": "\(session)"]
        let refused = try await anybody.post("register", body: .object(wrong))
        refused.fails(401, "M_UNAUTHORIZED", "M_FORBIDDEN")
        #expect(refused.body["session"]?.stringValue == session)
        #expect(refused.body["completed"]?.strings?.contains("m.login.registration_token") != true)

        var right = body
        right["auth"] = ["type": "m.login.registration_token", "token": "\(server.registrationToken ?? "")", "session": "\(session)"]
        let accepted = try await anybody.post("register", body: .object(right))
        #expect(accepted.status == 200 || accepted.body["completed"]?.strings == ["m.login.registration_token"])
    }

    @Test func dummyAloneIsNotEnoughWhereATokenIsRequired() async throws {
        let name = unique("alice")
        let response = try await anybody().post(
            "register", body: ["username": "\(name)", "password": password(), "auth": ["type": "m.login.dummy"]])
        #expect(response.status == 401)
        #expect(response.body["access_token"]?.stringValue == nil)
        try await anybody().get("register", "available", query: [("username", name)]).ok()
    }

    @Test func anUnknownSessionIsRefused() async throws {
        let response = try await anybody().post(
            "register",
            body: ["username": "\(unique("alice"))", "password": password(), "auth": ["type": "m.login.dummy", "session": "unknown"]])
        #expect((400...403).contains(response.status))
        #expect(response.body["access_token"]?.stringValue == nil)
    }

    @Test func userNamesAreLowerCased() async throws {
        let server = try await SharedServer.server
        let name = unique("Alice")
        let alice = try await server.anybody.register(["username": "\(name)", "password": password()], token: server.registrationToken)
        #expect(alice.userID == "@\(name.lowercased()):localhost")
        try await anybody().post("register", body: ["username": "\(name.uppercased())", "password": password()]).fails(400, "M_USER_IN_USE")
    }

    @Test func aTakenNameIsRefusedBeforeAuthentication() async throws {
        let alice = try await newUser("alice")
        let localpart = String(alice.userID.dropFirst().prefix { $0 != ":" })
        try await anybody().post("register", body: ["username": "\(localpart)", "password": password()]).fails(400, "M_USER_IN_USE")
        try await anybody().get("register", "available", query: [("username", localpart)]).fails(400, "M_USER_IN_USE")
    }

    @Test(arguments: ["", "with space", "ünicode", "colon:colon", "at@at", "hash#", String(repeating: "a", count: 255)])
    func invalidNamesAreRefused(_ name: String) async throws {
        try await anybody().post("register", body: ["username": "\(name)", "password": password()]).fails(400, "M_INVALID_USERNAME")
        try await anybody().get("register", "available", query: [("username", name)]).fails(400, "M_INVALID_USERNAME")
    }

    @Test func aNameIsMadeForThoseWhoGiveNone() async throws {
        let server = try await SharedServer.server
        let first = try await server.anybody.register(["password": password()], token: server.registrationToken)
        #expect(first.userID.hasPrefix("@") && first.userID.hasSuffix(":localhost") && first.userID.utf8.count > "@:localhost".utf8.count)
        try await first.get("account", "whoami").ok()
    }

    @Test func inhibitLoginGivesNoToken() async throws {
        let server = try await SharedServer.server
        let name = unique("alice")
        let response = try await server.anybody.withAuthentication(
            to: "/register", body: ["username": "\(name)", "password": password(), "inhibit_login": true]
        ) { stage in stage == "m.login.registration_token" ? ["token": "\(server.registrationToken ?? "")"] : [:] }
        let body = try response.ok()
        #expect(body["user_id"]?.stringValue == "@\(name):localhost")
        #expect(body["access_token"] == nil)
        #expect(body["device_id"] == nil)
        let client = MatrixTestClient(baseURL: server.baseURL, userID: "@\(name):localhost")
        _ = try await client.logIn()
    }

    @Test func guestsAreRefused() async throws {
        try await anybody().post("register", query: [("kind", "guest")], body: [:]).fails(403, "M_FORBIDDEN", "M_GUEST_ACCESS_FORBIDDEN")
    }

    @Test(
        arguments: [
            ["username": 1, "password": "secret secret"],
            ["username": "someone", "password": 1],
            ["username": "someone", "password": "secret secret", "auth": "dummy"],
            ["username": "someone", "password": "secret secret", "device_id": 1],
        ] as [JSONValue])
    func wrongTypesAreRefused(_ body: JSONValue) async throws {
        try await anybody().post("register", body: body).fails(400, "M_BAD_JSON", "M_INVALID_PARAM", "M_INVALID_USERNAME")
    }

    @Test func availability() async throws {
        let answer = try await anybody().get("register", "available", query: [("username", unique("free"))]).ok()
        #expect(answer["available"] == true)
        try await anybody().get("register", "available").fails(400, "M_MISSING_PARAM")
    }

    @Test func tokensCanBeCheckedBeforehand() async throws {
        let server = try await SharedServer.server
        func isValid(_ token: String) async throws -> Bool? {
            try await server.anybody.get(
                "register", "m.login.registration_token", "validity", query: [("token", token)], api: "/_matrix/client/v1"
            ).ok()["valid"]?.boolValue
        }
        #expect(try await isValid(server.registrationToken ?? "") == true)
        #expect(try await isValid("wrong") == false)
    }
}

/// Registration as the configuration has it, on servers of their own.
@Suite(.fewAtATime) struct RegistrationConfigurationTests {
    @Test func withoutARequiredTokenDummyWithoutASessionIsEnough() async throws {
        var options = ServerProcess.Options()
        options.environment["MARTLET_REGISTRATION__REQUIRE_TOKEN"] = "false"
        let server = try await ServerProcess.start(options: options)
        let body = try await server.anybody.post(
            "register", body: ["username": "alice", "password": "\(testPassword)", "auth": ["type": "m.login.dummy"]]
        ).ok()
        #expect(body["user_id"] == "@alice:localhost")
        let bob = try await server.anybody.register(["username": "bob", "password": "\(testPassword)"], token: nil)
        #expect(bob.userID == "@bob:localhost")
    }

    @Test func registrationCanBeSwitchedOff() async throws {
        var options = ServerProcess.Options()
        options.environment["MARTLET_REGISTRATION__ENABLED"] = "false"
        options.environment["MARTLET_REGISTRATION__REQUIRE_TOKEN"] = "false"
        let server = try await ServerProcess.start(options: options)
        try await server.anybody.post("register", body: ["username": "alice", "password": "\(testPassword)"]).fails(403, "M_FORBIDDEN")
    }

    @Test func theConfiguredTokenIsTheOneThatIsPrinted() async throws {
        var options = ServerProcess.Options()
        options.environment["MARTLET_REGISTRATION__TOKEN"] = "configured-token"
        let server = try await ServerProcess.start(options: options)
        #expect(server.registrationToken == "configured-token")
        _ = try await server.newUser()
    }
}
