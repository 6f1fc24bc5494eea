import MatrixProtocol
import RocksDB
import Store
import StoreTestSupport
import Synchronization
import TestSupport
import TransitoryDatabase

/// The machine's own clock and threads, one pool for all tests.
private let systemEnvironment = Environment.system()

/// A transitory database and its streams.
struct TestStreams: Sendable {
    static let room = Scope(.stream, Array("room".utf8))
    static let inbox = Scope(.device, Array("@alice:example.org PHONE".utf8))

    let database: TransitoryDatabase
    let notifier: Notifier
    let environment: Environment

    var streams: Streams { database.streams }

    /// Opens the database in a directory for as long as `body` takes.
    static func session<Result>(
        in directory: TemporaryDirectory? = nil, _ environment: Environment = systemEnvironment,
        _ body: (TestStreams) async throws -> Result
    ) async throws -> Result {
        let directory = try directory ?? TemporaryDirectory()
        let notifier = Notifier()
        let database = try TransitoryDatabase(
            directory: "\(directory.path)/transitory", serverName: ServerName(trusted: "example.org"),
            blockCache: BlockCache(capacityBytes: 1 << 20), environment: environment, notifier: notifier)
        try database.streams.begin()
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body(TestStreams(database: database, notifier: notifier, environment: environment)))
        } catch {
            outcome = .failure(error)
        }
        await database.streams.end()
        database.close()
        return try outcome.get()
    }

    /// Pushes one message, and expects it to be taken.
    @discardableResult
    func push(
        _ action: StreamPush.Action, _ value: String?, key: String = "key", to scope: Scope = room
    ) async throws -> StreamPushOutcome {
        try await push([StreamPush(key: key, value: value.map { Array($0.utf8) }, action: action)], to: scope)[0]
    }

    func push(_ pushes: [StreamPush], to scope: Scope = room) async throws -> [StreamPushOutcome] {
        try await streams.push(pushes, to: scope, lifetime: 0).map { try $0.get() }
    }

    /// What a key has, as `NUMBER VALUE`.
    func messages(of key: String = "key", after sequence: UInt64 = 0, in scope: Scope = room) throws -> [String] {
        try database.snapshot().streamMessages(of: key, after: sequence, in: scope).map(Self.text)
    }

    static func text(_ message: StreamMessage) -> String {
        "\(message.sequence) \(String(decoding: message.value, as: UTF8.self))"
    }
}

/// Somebody who is subscribed and remembers what it is told.
final class Listener: Sendable {
    private let heard = Mutex<[StreamNews]>([])
    private let hasEnded = Mutex(false)
    private let subscription = Mutex<StreamSubscription?>(nil)

    init(_ test: TestStreams, to scope: Scope = TestStreams.room) throws {
        let subscription = try test.streams.subscribe(to: scope) { [weak self] news in
            self?.heard.withLock { $0 += news }
        } onEnd: { [weak self] in
            self?.hasEnded.withLock { $0 = true }
        }
        self.subscription.withLock { $0 = subscription }
    }

    var news: [StreamNews] { heard.withLock { $0 } }
    var isAtEnd: Bool { hasEnded.withLock { $0 } }
    var numbers: [UInt64] { news.compactMap { $0.message?.sequence } }
    var texts: [String] { news.map { news in "\(news.key) \(news.message.map(TestStreams.text) ?? "-")" } }

    /// The messages of a key as a replay has them, and how many news had come before it.
    func replay(_ key: String) throws -> (messages: [StreamMessage], newsBefore: Int) {
        var replayed: [StreamMessage] = []
        var before = 0
        try subscription.withLock { $0 }?.replay(key) {
            $0
        } deliver: { messages in
            replayed = messages
            before = news.count
        }
        return (replayed, before)
    }

    func leave() {
        subscription.withLock { $0 = nil }
    }
}
