import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import TestSupport
import Testing

@testable import AccountsDatabase

/// "Login", and the access tokens that it gives.
@Suite struct AccountsLoginTests {
    @Test func byUserIDAndByLocalpart() async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.user("alice")
        for name in ["alice", "Alice", "@alice:example.org", "@ALICE:example.org"] {
            let login = try await fixture.logIn(name)
            #expect(login.user == first.user)
            #expect(login.device?.id != first.device?.id)
            #expect(fixture.isLoggedIn(first) && fixture.isLoggedIn(login))
        }
    }

    @Test func wrongCredentialsAreForbidden() async throws {
        let fixture = try AccountsFixture()
        try await fixture.user("alice")
        for name in ["bob", "@alice:elsewhere.example", "", "@", "alice:example.org", "a b"] {
            await expect(.forbidden, 403) { try await fixture.logIn(name) }
        }
        for password in ["wrong", "", String(repeating: "a", count: 100_000)] {
            await expect(.forbidden, 403) { try await fixture.logIn("alice", password: password) }
        }
        let thirdParty = PasswordCredentials(user: nil, password: AccountsFixture.password)
        await expect(.forbidden, 403) { try await fixture.accounts.logIn(thirdParty, on: LoginDevice()) }
    }

    @Test func credentialsAreReadFromBothForms() throws {
        let current = try PasswordCredentials(["identifier": ["type": "m.id.user", "user": "alice"], "password": "secret"])
        #expect(current.user == "alice" && current.password == "secret")
        let deprecated = try PasswordCredentials(["user": "alice", "password": "secret"])
        #expect(deprecated.user == "alice")
        let thirdParty: JSONObject = ["type": "m.id.thirdparty", "medium": "email", "address": "alice@example.org"]
        #expect(try PasswordCredentials(["identifier": .object(thirdParty), "password": "secret"]).user == nil)
        #expect(try PasswordCredentials(["medium": "email", "address": "alice@example.org", "password": "secret"]).user == nil)
    }

    @Test(
        arguments: [
            ([:], .missingParameter),
            (["identifier": ["type": "m.id.user", "user": "alice"]], .missingParameter),
            (["identifier": ["type": "m.id.user"], "password": "secret"], .missingParameter),
            (["identifier": ["user": "alice"], "password": "secret"], .missingParameter),
            (["identifier": "alice", "password": "secret"], .badJSON),
            (["identifier": ["type": "m.id.user", "user": 1], "password": "secret"], .badJSON),
            (["identifier": ["type": "m.id.user", "user": "alice"], "password": ["secret"]], .badJSON),
            (["identifier": ["type": "m.id.unknown"], "password": "secret"], .unknown),
        ] as [(JSONObject, MatrixError.Code)])
    func malformedCredentialsAreRefused(_ body: JSONObject, _ code: MatrixError.Code) async {
        await expect(code, 400) { try PasswordCredentials(body) }
    }

    @Test func aDeviceThatLogsInAgainGetsANewToken() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let first = try await fixture.logIn("alice", device: LoginDevice(id: "TABLET", displayName: "Tablet"))
        fixture.clock.advance(by: 1000)
        let second = try await fixture.logIn("alice", device: LoginDevice(id: "TABLET", displayName: "Other", address: "192.0.2.2"))
        #expect(!fixture.isLoggedIn(first))
        #expect(fixture.isLoggedIn(second) && fixture.isLoggedIn(alice))
        let metadata = try #require(try fixture.database.view().metadata(of: "TABLET", of: alice.user))
        #expect(metadata.displayName == "Tablet")
        #expect(metadata.lastSeenAddress == "192.0.2.2")
        #expect(metadata.lastSeenAt == metadata.createdAt + 1000)
        // Somebody else's device of the same name is another one.
        try await fixture.user("bob")
        _ = try await fixture.logIn("bob", device: LoginDevice(id: "TABLET"))
        #expect(fixture.isLoggedIn(second))
    }

    @Test func logoutEndsOneLoginOrAll() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let others = [try await fixture.logIn("alice"), try await fixture.logIn("alice")]
        let bob = try await fixture.user("bob")
        try await fixture.accounts.logOut(fixture.requester(others[0]))
        #expect(!fixture.isLoggedIn(others[0]))
        #expect(fixture.isLoggedIn(alice) && fixture.isLoggedIn(others[1]))
        let device = try #require(others[0].device?.id)
        #expect(try fixture.database.view().metadata(of: device, of: alice.user) == nil)
        try await fixture.accounts.logOutEverywhere(fixture.requester(alice))
        #expect(!fixture.isLoggedIn(alice) && !fixture.isLoggedIn(others[1]))
        #expect(fixture.isLoggedIn(bob))
    }

    @Test func unknownTokensAreRefused() async throws {
        let fixture = try AccountsFixture()
        await expect(.unknownToken, 401) { try await fixture.accounts.authenticate(token: "wrong") }
        await expect(.unknownToken, 401) { try await fixture.accounts.authenticate(token: "") }
    }

    @Test func loginsOutliveTheServerAndTokensAreKeptAsHashes() async throws {
        let directory = try TemporaryDirectory()
        var fixture: AccountsFixture? = try AccountsFixture(in: directory)
        let login = try #require(try await fixture?.user("alice"))
        let token = try #require(login.device?.accessToken)
        fixture = nil
        let again = try AccountsFixture(in: directory)
        let requester = try await again.accounts.authenticate(token: token)
        #expect(requester.userID == login.user)
        #expect(requester.tokenHash.count == 32)
        var owners = try again.database.snapshot().domain(AccountsMaps.tokenToOwner, .all)
        #expect(try owners.collect().map(\.key) == [requester.tokenHash])
    }

    @Test func deactivatedAccountsAreClosed() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        try await fixture.database.database.commit { commit in
            var account = try #require(try AccountsView(commit).account(of: alice.user))
            account.flags.insert(.deactivated)
            account.passwordHash = nil
            commit.put(AccountsMaps.userIDToAccount, alice.user, account)
        }
        await expect(.userDeactivated, 403) { try await fixture.logIn("alice") }
        await expect(.userInUse, 400) { try fixture.accounts.checkAvailability(ofUsername: "alice") }
    }

    @Test func aLoginThatIsOvertakenByAPasswordChangeIsRefused() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let before = try #require(try fixture.database.view().account(of: alice.user))
        _ = try await fixture.database.changePassword(
            of: alice.user, as: before, to: "another hash", logsOutDevices: false, keeping: nil, ending: nil, goingOnIn: fixture.jobs)
        let login = NewLogin(device: "LATE", tokens: NewTokens(accessHash: [1]), displayName: nil, address: nil)
        await #expect(throws: AccountsConflict.accountChanged) {
            try await fixture.database.logIn(alice.user, as: before, login, devicesMax: 2)
        }
    }
}
