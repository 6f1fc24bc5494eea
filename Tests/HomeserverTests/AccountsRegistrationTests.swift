import CanonicalJSON
import Homeserver
import MatrixProtocol
import TestSupport
import Testing

/// "Account registration" and user-interactive authentication.
@Suite struct AccountsRegistrationTests {
    private let open = AccountsSettings(requiresToken: false)
    private let dummy: JSONObject = ["type": "m.login.dummy"]

    private func request(_ name: String? = "alice", auth: JSONObject? = nil) -> RegistrationRequest {
        RegistrationRequest(username: name, password: AccountsFixture.password, auth: auth)
    }

    @Test func stagesAreCompletedOneAfterTheOther() async throws {
        let fixture = try AccountsFixture()
        let first = try #require(await fixture.accounts.challenge { try await $0.register(request()) })
        #expect(first.flows == [["m.login.registration_token", "m.login.dummy"]])
        #expect(first.completed == [])
        #expect(first.errcode == nil)
        #expect(first.body["params"] == [:])

        let token = first.auth("m.login.registration_token", ["token": .string(AccountsFixture.token)])
        let second = try #require(await fixture.accounts.challenge { try await $0.register(request(auth: token)) })
        #expect(second.completed == ["m.login.registration_token"])
        #expect(second.session == first.session)
        #expect(second.errcode == nil)

        // A completed stage that is sent again changes nothing, nor does the session alone.
        for auth in [token, ["session": .string(first.session)]] {
            let again = await fixture.accounts.challenge { try await $0.register(request(auth: auth)) }
            #expect(again?.completed == ["m.login.registration_token"])
        }
        let login = try await fixture.accounts.register(request(auth: first.auth("m.login.dummy")))
        #expect(login.user.string == "@alice:example.org")
        let requester = try fixture.requester(login)
        #expect(requester.userID == login.user)
        #expect(requester.deviceID == login.device?.id)
        #expect(!requester.isAdmin && !requester.isGuest)

        // The session has ended with it.
        await expect(.unknown, 400) { try await fixture.accounts.register(request("bob", auth: first.auth("m.login.dummy"))) }
    }

    @Test func aDummyWithoutSessionIsEnoughWhereNothingElseIsAsked() async throws {
        let fixture = try AccountsFixture(open)
        let first = try #require(await fixture.accounts.challenge { try await $0.register(request()) })
        #expect(first.flows == [["m.login.dummy"]])
        let login = try await fixture.accounts.register(request(auth: dummy))
        #expect(login.user.string == "@alice:example.org")
    }

    @Test func stagesOutOfOrderAndWrongTokensFailAndTheSessionGoesOn() async throws {
        let fixture = try AccountsFixture()
        let early = try #require(await fixture.accounts.challenge { try await $0.register(request(auth: dummy)) })
        #expect(early.errcode == "M_UNAUTHORIZED")
        #expect(early.completed == [])
        let wrong = early.auth("m.login.registration_token", ["token": "wrong"])
        let refused = try #require(await fixture.accounts.challenge { try await $0.register(request(auth: wrong)) })
        #expect(refused.errcode == "M_UNAUTHORIZED")
        #expect(refused.session == early.session)
        let unknown = await fixture.accounts.challenge { try await $0.register(request(auth: early.auth("m.login.sso"))) }
        #expect(unknown?.errcode == "M_UNAUTHORIZED")
        let right = early.auth("m.login.registration_token", ["token": .string(AccountsFixture.token)])
        let accepted = await fixture.accounts.challenge { try await $0.register(request(auth: right)) }
        #expect(accepted?.completed == ["m.login.registration_token"])
    }

    @Test func aSessionIsForOneRequest() async throws {
        let fixture = try AccountsFixture()
        let first = try #require(await fixture.accounts.challenge { try await $0.register(request()) })
        await expect(.forbidden, 403) { try await fixture.accounts.register(request("bob", auth: ["session": .string(first.session)])) }
        // Who asks for the flows first has said nothing yet.
        let empty = try #require(await fixture.accounts.challenge { try await $0.register(RegistrationRequest()) })
        let named = await fixture.accounts.challenge { try await $0.register(request(auth: ["session": .string(empty.session)])) }
        #expect(named?.session == empty.session)
        await expect(.forbidden, 403) { try await fixture.accounts.register(request("bob", auth: ["session": .string(empty.session)])) }
        // Nobody else's session counts.
        let requester = try fixture.requester(try await fixture.user("carol"))
        await expect(.unknown, 400) {
            try await fixture.accounts.changePassword(
                of: requester, to: "another password", logsOutDevices: true, auth: ["session": .string(first.session)])
        }
    }

    @Test func sessionsExpire() async throws {
        let fixture = try AccountsFixture()
        let first = try #require(await fixture.accounts.challenge { try await $0.register(request()) })
        let auth: JSONObject = ["session": .string(first.session)]
        fixture.clock.advance(by: 15 * 60 * 1000)
        #expect(await fixture.accounts.challenge { try await $0.register(request(auth: auth)) }?.session == first.session)
        fixture.clock.advance(by: 15 * 60 * 1000)
        await expect(.unknown, 400) { try await fixture.accounts.register(request(auth: auth)) }
        await expect(.unknown, 400) { try await fixture.accounts.register(request(auth: ["session": "unknown"])) }
    }

    @Test func malformedAuthenticationIsRefused() async throws {
        let fixture = try AccountsFixture()
        await expect(.badJSON, 400) { try await fixture.accounts.register(request(auth: ["type": 1])) }
        await expect(.badJSON, 400) { try await fixture.accounts.register(request(auth: ["session": ["a"]])) }
        await expect(.missingParameter, 400) {
            try await fixture.accounts.register(request(auth: ["type": "m.login.registration_token"]))
        }
        await expect(.badJSON, 400) {
            try await fixture.accounts.register(request(auth: ["type": "m.login.registration_token", "token": 1]))
        }
    }

    @Test func namesOutsideTheGrammarAreRefused() async throws {
        let fixture = try AccountsFixture(open)
        let long = String(repeating: "a", count: 255)
        for name in ["", "with space", "ünicode", "colon:colon", "alice:8448", "at@at", "K\u{212A}", long] {
            await expect(.invalidUsername, 400) { try await fixture.accounts.register(request(name, auth: dummy)) }
            await expect(.invalidUsername, 400) { try fixture.accounts.checkAvailability(ofUsername: name) }
        }
    }

    @Test func namesAreLowerCasedAndTakenOnce() async throws {
        let fixture = try AccountsFixture(open)
        try fixture.accounts.checkAvailability(ofUsername: "alice")
        let login = try await fixture.accounts.register(request("Alice", auth: dummy))
        #expect(login.user.string == "@alice:example.org")
        await expect(.userInUse, 400) { try await fixture.accounts.register(request("aLICE")) }
        await expect(.userInUse, 400) { try fixture.accounts.checkAvailability(ofUsername: "ALICE") }
    }

    @Test func ofTwoAtOnceOneGetsTheName() async throws {
        let fixture = try AccountsFixture(open)
        let wins = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask { (try? await fixture.accounts.register(request(auth: dummy))) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
    }

    @Test func namesAreMadeForThoseWhoGiveNone() async throws {
        let fixture = try AccountsFixture(open)
        let login = try await fixture.accounts.register(request(nil, auth: dummy))
        #expect(login.user.isValidForRegistration)
    }

    @Test func devicesAreAsTheClientSays() async throws {
        let fixture = try AccountsFixture(open)
        var asked = request(auth: dummy)
        asked.device = LoginDevice(id: "PHONE", displayName: "Phone", address: "192.0.2.1")
        let login = try await fixture.accounts.register(asked)
        #expect(login.device?.id == "PHONE")
        let metadata = try #require(try fixture.database.view().metadata(of: "PHONE", of: login.user))
        #expect(metadata.displayName == "Phone")
        #expect(metadata.lastSeenAddress == "192.0.2.1")
        #expect(metadata.createdAt == fixture.clock.now())

        var inhibited = request("bob", auth: dummy)
        inhibited.inhibitsLogin = true
        #expect(try await fixture.accounts.register(inhibited).device == nil)
        _ = try await fixture.logIn("bob")

        for device in [LoginDevice(id: ""), LoginDevice(id: String(repeating: "a", count: 256))] {
            var invalid = request("carol", auth: dummy)
            invalid.device = device
            await expect(.invalidParameter, 400) { try await fixture.accounts.register(invalid) }
        }
    }

    @Test func passwordsAreCheckedAndNeeded() async throws {
        let fixture = try AccountsFixture(open)
        func register(_ password: String?) async throws -> Login {
            try await fixture.accounts.register(RegistrationRequest(username: "alice", password: password, auth: dummy))
        }
        await expect(.weakPassword, 400) { try await register("") }
        await expect(.invalidParameter, 400) { try await register(String(repeating: "a", count: 513)) }
        await expect(.missingParameter, 400) { try await register(nil) }
        _ = try await register(String(repeating: "a", count: 512))
    }

    @Test func closedServersRefuse() async throws {
        let closed = try AccountsFixture(AccountsSettings(registrationEnabled: false))
        await expect(.forbidden, 403) { try await closed.accounts.register(request(auth: dummy)) }
        await expect(.forbidden, 403) { try closed.accounts.checkAvailability(ofUsername: "alice") }
        await expect(.forbidden, 403) { try await closed.accounts.isValidRegistrationToken("token") }
    }

    @Test func theTokenIsConfiguredOrMadeOnce() async throws {
        let configured = try AccountsFixture()
        #expect(try await configured.accounts.registrationToken() == AccountsFixture.token)
        #expect(try await configured.accounts.isValidRegistrationToken(AccountsFixture.token))
        #expect(try await !configured.accounts.isValidRegistrationToken("wrong"))

        let directory = try TemporaryDirectory()
        var fixture: AccountsFixture? = try AccountsFixture(AccountsSettings(), in: directory)
        #expect(try await fixture?.accounts.isValidRegistrationToken("") == false)
        let made = try #require(try await fixture?.accounts.registrationToken())
        #expect(try await fixture?.accounts.isValidRegistrationToken(made) == true)
        fixture = nil
        let again = try AccountsFixture(AccountsSettings(), in: directory)
        #expect(try await again.accounts.registrationToken() == made)
    }
}
