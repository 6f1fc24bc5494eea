import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "Password management".
@Suite struct AccountsPasswordTests {
    private static let newPassword = "another long password"

    private func change(
        _ fixture: AccountsFixture, _ login: Login, to password: String = newPassword, logsOutDevices: Bool = true, auth: JSONObject? = nil
    ) async throws {
        try await fixture.accounts.changePassword(
            of: fixture.requester(login), to: password, logsOutDevices: logsOutDevices, auth: auth)
    }

    private func begin(_ fixture: AccountsFixture, _ login: Login) async throws -> InteractiveAuthenticationRequired {
        do {
            try await change(fixture, login)
        } catch let required as InteractiveAuthenticationRequired {
            return required
        }
        throw MatrixError(.unknown, "the password was changed just so")
    }

    private func credentials(_ login: Login, _ password: String = AccountsFixture.password) -> JSONObject {
        ["identifier": ["type": "m.id.user", "user": .string(login.user.string)], "password": .string(password)]
    }

    @Test func theOldPasswordAllowsTheNewOne() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let other = try await fixture.logIn("alice")
        let required = try await begin(fixture, alice)
        #expect(required.flows == [["m.login.password"]])
        try await change(fixture, alice, auth: required.auth("m.login.password", credentials(alice)))
        #expect(fixture.isLoggedIn(alice))
        #expect(!fixture.isLoggedIn(other))
        await expect(.forbidden, 403) { try await fixture.logIn("alice") }
        _ = try await fixture.logIn("alice", password: Self.newPassword)
    }

    @Test func otherDevicesStayIfTheUserSaysSo() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let other = try await fixture.logIn("alice")
        var auth = credentials(alice)
        auth["type"] = "m.login.password"
        try await change(fixture, alice, logsOutDevices: false, auth: auth)
        #expect(fixture.isLoggedIn(alice) && fixture.isLoggedIn(other))
    }

    @Test func wrongPasswordsAndOtherUsersFailAndTheSessionGoesOn() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let bob = try await fixture.user("bob")
        let required = try await begin(fixture, alice)
        for wrong in [credentials(alice, "wrong"), credentials(bob)] {
            do {
                try await change(fixture, alice, auth: required.auth("m.login.password", wrong))
                Issue.record("the password was changed")
            } catch let again as InteractiveAuthenticationRequired {
                #expect(again.errcode == "M_FORBIDDEN")
                #expect(again.session == required.session)
                #expect(again.completed == [])
            }
        }
        // Nobody goes on with another's session.
        await expect(.unknown, 400) { try await change(fixture, bob, auth: required.auth("m.login.password", credentials(bob))) }
        try await change(fixture, alice, auth: required.auth("m.login.password", credentials(alice)))
    }

    @Test func aSessionIsForOneChange() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let auth = try await begin(fixture, alice).auth("m.login.password", credentials(alice))
        await expect(.forbidden, 403) { try await change(fixture, alice, to: "a third password", auth: auth) }
        await expect(.forbidden, 403) { try await change(fixture, alice, logsOutDevices: false, auth: auth) }
        try await change(fixture, alice, auth: auth)
        await expect(.unknown, 400) { try await change(fixture, alice, auth: auth) }
    }

    @Test func badPasswordsAreRefusedBeforeAuthentication() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        await expect(.weakPassword, 400) { try await change(fixture, alice, to: "") }
        await expect(.invalidParameter, 400) { try await change(fixture, alice, to: String(repeating: "a", count: 513)) }
        let required = try await begin(fixture, alice)
        await expect(.missingParameter, 400) { try await change(fixture, alice, auth: required.auth("m.login.password")) }
    }
}
