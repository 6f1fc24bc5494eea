import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "Token-based login" and "OpenID": tokens that are good for a short while.
@Suite struct AccountsLoginTokensTests {
    private func makeToken(_ fixture: AccountsFixture, _ login: Login) async throws -> (token: String, milliseconds: Int64) {
        let requester = try fixture.requester(login)
        let required = try #require(await fixture.accounts.challenge { try await $0.makeLoginToken(for: requester, auth: nil) })
        #expect(required.flows == [["m.login.password"]])
        let auth = required.auth("m.login.password", fixture.credentials(login))
        return try await fixture.accounts.makeLoginToken(for: requester, auth: auth)
    }

    @Test func aTokenLogsAnotherDeviceInOnce() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let (token, milliseconds) = try await makeToken(fixture, alice)
        #expect(milliseconds == 120_000)
        let login = try await fixture.accounts.logIn(withToken: token, on: LoginDevice(id: "TABLET"))
        #expect(login.user == alice.user && login.device?.id == "TABLET")
        #expect(fixture.isLoggedIn(login) && fixture.isLoggedIn(alice))
        await expect(.forbidden, 403) { try await fixture.accounts.logIn(withToken: token, on: LoginDevice()) }
    }

    @Test func aTokenExpires() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let (token, milliseconds) = try await makeToken(fixture, alice)
        fixture.clock.advance(by: milliseconds)
        await expect(.forbidden, 403) { try await fixture.accounts.logIn(withToken: token, on: LoginDevice()) }
        await expect(.forbidden, 403) { try await fixture.accounts.logIn(withToken: "wrong", on: LoginDevice()) }
    }

    @Test func aTokenEndsWhenAllAreLoggedOut() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let (mallory, bob) = (try await fixture.logIn("alice"), try await fixture.user("bob"))
        let (token, bobs) = (try await makeToken(fixture, mallory).token, try await makeToken(fixture, bob).token)
        try await fixture.accounts.changePassword(
            of: fixture.requester(alice), to: "another password", logsOutDevices: true, auth: fixture.passwordAuth(alice))
        await expect(.forbidden, 403) { try await fixture.accounts.logIn(withToken: token, on: LoginDevice()) }
        _ = try await fixture.accounts.logIn(withToken: bobs, on: LoginDevice())
    }

    @Test func aWrongPasswordMakesNoToken() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        let auth: JSONObject = ["type": "m.login.password", "user": "alice", "password": "wrong"]
        let required = await fixture.accounts.challenge { try await $0.makeLoginToken(for: alice, auth: auth) }
        #expect(required?.errcode == "M_FORBIDDEN")
    }

    @Test func whereThereAreNoTokensNoneAreMade() async throws {
        var settings = AccountsSettings(token: AccountsFixture.token)
        settings.allowsLoginTokens = false
        let fixture = try AccountsFixture(settings)
        let alice = try fixture.requester(try await fixture.user("alice"))
        await expect(.unrecognized, 404) { try await fixture.accounts.makeLoginToken(for: alice, auth: nil) }
        #expect(fixture.accounts.loginTypes == [.password])
    }

    @Test func anOpenIDTokenSaysWhoItIsForAnHour() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        let (token, seconds) = try await fixture.accounts.makeOpenIDToken(for: alice.userID, by: alice)
        #expect(seconds == 3600)
        #expect(try fixture.accounts.user(ofOpenIDToken: token) == alice.userID)
        #expect(try fixture.accounts.user(ofOpenIDToken: token) == alice.userID)
        // It opens nothing else.
        await expect(.unknownToken, 401) { try fixture.accounts.requester(ofToken: token) }
        await expect(.forbidden, 403) { try await fixture.accounts.logIn(withToken: token, on: LoginDevice()) }
        fixture.clock.advance(by: 3_600_000)
        await expect(.unknownToken, 401) { try fixture.accounts.user(ofOpenIDToken: token) }
        await expect(.unknownToken, 401) { try fixture.accounts.user(ofOpenIDToken: "wrong") }
    }

    @Test func nobodyGetsAnOpenIDTokenForSomebodyElse() async throws {
        let fixture = try AccountsFixture()
        let (alice, bob) = (try await fixture.user("alice"), try await fixture.user("bob"))
        let requester = try fixture.requester(alice)
        await expect(.forbidden, 403) { try await fixture.accounts.makeOpenIDToken(for: bob.user, by: requester) }
    }

    @Test func expiredTokensAreClearedAway() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        for _ in 0..<40 {
            _ = try await fixture.accounts.makeOpenIDToken(for: alice.userID, by: alice)
            fixture.clock.advance(by: 3_600_000)
        }
        var kept = try fixture.database.snapshot().domain(AccountsMaps.openIDTokens, .all)
        #expect(try kept.collect().count < 20)
    }
}
