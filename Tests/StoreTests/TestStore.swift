import RocksDB
import Store
import StoreTestSupport
import TestSupport
import Testing

/// The maps of the tests' databases.
enum TestMaps {
    static let numbers = Column<UInt64, UInt64>("numbers", in: "test", .random, .pointLookups)
    static let texts = Column<String, String>("texts", in: "test", .randomSmall)
    static let bytes = Column<[UInt8], [UInt8]>("bytes", in: "test", .sequential)

    static let schema = DatabaseSchema(name: "test", version: 1, maps: [numbers.map, texts.map, bytes.map])
}

/// The machine's own clock and threads, one pool for all tests.
let systemEnvironment = Environment.system()

/// A fresh directory with a database in it that is closed and opened again at will.
final class TestStore: Sendable {
    private let directory: TemporaryDirectory
    let environment: Environment
    let notifier = Notifier()

    init(environment: Environment = systemEnvironment) throws {
        directory = try TemporaryDirectory()
        self.environment = environment
    }

    /// Where the database is.
    var path: String { "\(directory.path)/test" }

    /// A path beside the database that is removed with it.
    func path(of name: String) -> String { "\(directory.path)/\(name)" }

    /// Opens the database, or the one at another path.
    func open(
        _ schema: DatabaseSchema = TestMaps.schema, at path: String? = nil, serverName: String = "example.org", clock: (any Clock)? = nil,
        probeBytes: Int? = nil
    ) throws -> Database {
        var environment = environment
        if let clock { environment.clock = clock }
        return try Database(
            schema: schema, directory: path ?? self.path, serverName: serverName, blockCache: BlockCache(capacityBytes: 1 << 20),
            environment: environment, notifier: notifier, probeBytes: probeBytes)
    }

    /// Opens the database for as long as `body` takes.
    func session<Result>(
        at path: String? = nil, clock: (any Clock)? = nil, _ body: (Database) async throws -> Result
    ) async throws -> Result {
        let database = try open(at: path, clock: clock)
        defer { database.close() }
        return try await body(database)
    }
}

extension Database {
    /// Stamps an entry for a room and answers its position.
    func stamp(_ room: UInt8 = 1, _ durability: Durability = .synced) async throws -> Position {
        try await commit(durability) { $0.stamp(kind: 1, scope: Scope(.room, [room])) { _ in [] } }
    }
}

/// A short ID of the tests' own.
struct TestShortID: ShortID {
    let number: UInt64
}
