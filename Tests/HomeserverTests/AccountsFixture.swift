import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import RocksDB
import Store
import Synchronization
import TestSupport
import Testing

/// The capability Accounts on a database of its own, with a clock that the test sets.
final class AccountsFixture: Sendable {
    static let token = "the registration token"
    static let password = "correct horse battery staple"

    /// Shared, so that many fixtures at a time don't have threads by the hundred.
    private static let executors = ThreadExecutors()

    let clock = TestClock()
    let directory: TemporaryDirectory
    let database: AccountsDatabase
    let jobs: Jobs
    let environment: Environment
    let accounts: Accounts

    init(
        _ settings: AccountsSettings = AccountsSettings(token: AccountsFixture.token), in directory: TemporaryDirectory? = nil,
        outgoingHTTP: any OutgoingHTTP = NoOutgoingHTTP()
    ) throws {
        self.directory = try directory ?? TemporaryDirectory()
        let serverName = try #require(ServerName("example.org"))
        var environment = Environment(clock: clock, random: SystemRandom(), executors: Self.executors)
        environment.outgoingHTTP = outgoingHTTP
        self.environment = environment
        database = try AccountsDatabase(
            directory: self.directory.path + "/accounts", serverName: serverName, blockCache: BlockCache(capacityBytes: 1 << 20),
            environment: environment, notifier: Notifier())
        jobs = Jobs(of: database.database, kinds: [LoginRemoval.goingOn], environment: environment)
        accounts = Accounts(
            database: database, serverName: serverName, environment: environment, settings: settings,
            intents: Intents(
                of: database.database, kinds: [IntentKind(Accounts.newUserIntent, []), IntentKind(Accounts.deactivationIntent, [])],
                environment: environment),
            jobs: jobs)
    }

    deinit {
        database.close()
    }

    /// An account without the ado of registration.
    @discardableResult
    func user(_ name: String) async throws -> Login {
        var request = RegistrationRequest(username: name, password: Self.password)
        let required = try #require(await accounts.challenge { try await $0.register(request) })
        request.auth = required.auth("m.login.registration_token", ["token": .string(Self.token)])
        _ = await accounts.challenge { try await $0.register(request) }
        request.auth = required.auth("m.login.dummy")
        return try await accounts.register(request)
    }

    func logIn(_ name: String, password: String = AccountsFixture.password, device: LoginDevice = LoginDevice()) async throws -> Login {
        try await accounts.logIn(PasswordCredentials(user: name, password: password), on: device)
    }

    func requester(_ login: Login) throws -> Requester {
        try accounts.requester(ofToken: try #require(login.device).accessToken)
    }

    /// What proves in user-interactive authentication that it is the user.
    func credentials(_ login: Login) -> JSONObject {
        ["identifier": ["type": "m.id.user", "user": .string(login.user.string)], "password": .string(Self.password)]
    }

    /// The `auth` of a request that is granted at once.
    func passwordAuth(_ user: UserID) -> JSONObject {
        [
            "type": "m.login.password", "identifier": ["type": "m.id.user", "user": .string(user.string)],
            "password": .string(Self.password),
        ]
    }

    func passwordAuth(_ login: Login) -> JSONObject { passwordAuth(login.user) }

    func isLoggedIn(_ login: Login) -> Bool {
        (try? requester(login)) != nil
    }
}

/// A clock that stands still until it is moved; its timers run on the machine's.
final class TestClock: Clock {
    private let time = Mutex<Int64>(1_767_225_600_000)

    func now() -> Int64 { time.withLock { $0 } }

    func advance(by milliseconds: Int64) { time.withLock { $0 += milliseconds } }

    func schedule(after milliseconds: Int64, _ job: @escaping @Sendable () -> Void) -> any ScheduledTimer {
        SystemClock().schedule(after: milliseconds, job)
    }
}

extension Accounts {
    /// What the operation demands before it is done; nil if it is done, or fails otherwise.
    func challenge<Result>(_ operation: (Accounts) async throws -> Result) async -> InteractiveAuthenticationRequired? {
        do {
            _ = try await operation(self)
            return nil
        } catch {
            return error as? InteractiveAuthenticationRequired
        }
    }
}

extension InteractiveAuthenticationRequired {
    var session: String { body["session"]?.stringValue ?? "" }
    var completed: [String] { body["completed"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    var errcode: String? { body["errcode"]?.stringValue }
    var flows: [[String]] {
        body["flows"]?.arrayValue?.map { flow in
            flow.objectValue?["stages"]?.arrayValue?.compactMap(\.stringValue) ?? []
        } ?? []
    }

    /// The `auth` of the next attempt.
    func auth(_ stage: String, _ members: JSONObject = [:]) -> JSONObject {
        var auth = members
        auth["type"] = .string(stage)
        auth["session"] = .string(session)
        return auth
    }
}

/// Expects an error that a client is to see, with these words in its message.
func expect<Result>(
    _ code: MatrixError.Code, _ status: Int, _ words: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Result
) async {
    do {
        _ = try await body()
        Issue.record("\(code.rawValue) was expected, but nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as MatrixError {
        #expect(error.code == code, sourceLocation: sourceLocation)
        #expect(error.status == status, sourceLocation: sourceLocation)
        #expect(words.isEmpty || error.message.contains(words), sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(code.rawValue) was expected, but \(error) was thrown", sourceLocation: sourceLocation)
    }
}
