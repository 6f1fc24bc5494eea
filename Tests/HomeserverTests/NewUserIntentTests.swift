import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import RocksDB
import Store
import TestSupport
import Testing

/// A new account gets its profile, in another database, also when the server stops in between.
@Suite struct NewUserIntentTests {
    @Test func theProfileIsThereWhenTheAccountIsAnswered() async throws {
        let fixture = try await RoomsFixture()
        let directory = try TemporaryDirectory()
        try await withIntents(of: directory, fixture) { accounts, intents in
            try await register("dave", accounts, intents, fixture)
            #expect(try profile(of: "dave", fixture) == ["displayname": "dave"])
        }
    }

    @Test func theProfileIsMadeAfterARestart() async throws {
        let fixture = try await RoomsFixture()
        let directory = try TemporaryDirectory()
        try await withIntents(of: directory, fixture) { accounts, intents in
            // Nothing is carried out any more.
            await intents.stop()
            try await register("dave", accounts, intents, fixture)
            await expect(.notFound, 404) { try profile(of: "dave", fixture) }
        }
        try await withIntents(of: directory, fixture) { _, intents in
            try await intents.resume()
            #expect(try profile(of: "dave", fixture) == ["displayname": "dave"])
        }
    }

    private func withIntents(
        of directory: TemporaryDirectory, _ fixture: RoomsFixture, _ body: (AccountsDatabase, Intents) async throws -> Void
    ) async throws {
        let accounts = try AccountsDatabase(
            directory: directory.path + "/accounts", serverName: ServerName(trusted: "example.org"),
            blockCache: BlockCache(capacityBytes: 1 << 20), environment: fixture.environment, notifier: Notifier())
        let kind = IntentKind(Accounts.newUserIntent, [Profiles.beginning(in: fixture.database)])
        let intents = Intents(of: accounts.database, kinds: [kind], environment: fixture.environment)
        try await body(accounts, intents)
        await intents.stop()
        accounts.close()
    }

    private func register(_ name: String, _ database: AccountsDatabase, _ intents: Intents, _ fixture: RoomsFixture) async throws {
        let accounts = Accounts(
            database: database, serverName: ServerName(trusted: "example.org"), environment: fixture.environment,
            settings: AccountsSettings(requiresToken: false), intents: intents,
            jobs: Jobs(of: database.database, kinds: [LoginRemoval.goingOn], environment: fixture.environment))
        _ = try await accounts.register(
            RegistrationRequest(username: name, password: AccountsFixture.password, auth: ["type": "m.login.dummy"]))
    }

    private func profile(of name: String, _ fixture: RoomsFixture) throws -> JSONObject {
        try fixture.profiles.profile(of: UserID(trusted: "@\(name):example.org"))
    }
}
