import RocksDB
import Store
import TestSupport
import Testing

/// A schema of the tests' own that has come a long way: at each version its maps, and the migrations that lead there.
enum TestMigrations {
    // What stays, in the form of version 1 and in today's.
    static let titles = Column<String, String>("titles", in: "test", .randomSmall)
    static let oldAmounts = Column<UInt64, UInt64>("amounts", in: "test", .random)
    static let amounts = Column<UInt64, FixedKey<UInt64, UInt64>>("amounts", in: "test", .random)
    // From version 2 on.
    static let lengths = Column<String, UInt64>("lengths", in: "test", .randomSmall)
    static let sums = Column<UInt8, UInt64>("sums", in: "test", .randomSmall)
    // From version 4 on, instead of `titles`.
    static let titlesByLength = Column<TupleKey<Int64, String>, String>("titles_by_length", in: "test", .sequential)

    /// Two maps are added and filled from others; one of them counts, so an entry that came twice would show.
    static let toVersion2 = Migration(
        to: 2, adding: [lengths.map, sums.map],
        steps: [
            MigrationStep(through: titles) { key, title, commit in commit.put(lengths, key, UInt64(title.utf8.count)) },
            MigrationStep(through: oldAmounts) { key, amount, commit in
                let bucket = UInt8(truncatingIfNeeded: key % 3)
                commit.put(sums, bucket, (try commit.get(sums, bucket) ?? 0) + amount)
            },
        ])
    /// The values of a map get another form, in place.
    static let toVersion3 = Migration(
        to: 3,
        steps: [MigrationStep(through: oldAmounts) { key, amount, commit in commit.put(amounts, key, FixedKey(amount, amount + 1)) }])
    /// A map's keys get another form: in a new map, and the old one goes.
    static let toVersion4 = Migration(
        to: 4, adding: [titlesByLength.map], removing: [titles.map],
        steps: [
            MigrationStep(through: titles) { key, title, commit in
                commit.put(titlesByLength, TupleKey(Int64(title.utf8.count), key), title)
            }
        ])

    /// The schema of a version, under a name.
    static func schema(_ version: UInt64, name: String = "test") -> DatabaseSchema {
        let migrations = [toVersion2, toVersion3, toVersion4].filter { $0.version <= version }
        let maps: [MapDescriptor] =
            switch version {
            case 1: [titles.map, oldAmounts.map]
            case 2: [titles.map, oldAmounts.map, lengths.map, sums.map]
            case 3: [titles.map, amounts.map, lengths.map, sums.map]
            default: [amounts.map, lengths.map, sums.map, titlesByLength.map]
            }
        return DatabaseSchema(name: name, version: version, maps: maps, migrations: migrations)
    }

    /// So many entries that each walk takes two commits.
    static let entryCount: UInt64 = 1200

    /// The text of an entry of `titles`.
    static func title(_ number: UInt64) -> String {
        String(repeating: "t", count: Int(number % 7)) + "\(number)"
    }

    /// Puts the entries that version 1 has.
    static func fill(_ database: Database) async throws {
        for start in stride(from: 0, to: entryCount, by: 500) {
            try await database.commit { commit in
                for number in start..<min(start + 500, entryCount) {
                    commit.put(titles, "\(number)", title(number))
                    commit.put(oldAmounts, number, number * number)
                }
            }
        }
    }

    /// What the maps of version 4 hold when each entry of version 1 has been migrated once.
    static func expectedContent() -> [String: [[UInt8]: [UInt8]]] {
        var content: [String: [[UInt8]: [UInt8]]] = [:]
        var sums: [UInt8: UInt64] = [:]
        for number in 0..<entryCount {
            let (key, text) = ("\(number)", title(number))
            let length = UInt64(text.utf8.count)
            content["lengths", default: [:]][key.encoded] = length.encoded
            content["amounts", default: [:]][number.encoded] = FixedKey(number * number, number * number + 1).encoded
            content["titles_by_length", default: [:]][TupleKey(Int64(length), key).encoded] = text.encoded
            sums[UInt8(number % 3), default: 0] += number * number
        }
        content["sums"] = Dictionary(uniqueKeysWithValues: sums.map { ($0.encoded, $1.encoded) })
        return content
    }
}

/// A data directory whose databases are prepared, opened and copied at will.
final class TestDataDirectory: Sendable {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Where the databases are.
    var path: String { directory.path }

    /// Brings the databases to where they can be opened.
    ///
    /// - Returns: what was reported.
    @discardableResult
    func prepare(
        _ schemas: DatabaseSchema..., serverName: String = "example.org", report: (UpgradeEvent) -> Void = { _ in }
    ) async throws -> [String] {
        var events: [String] = []
        try await preparation(schemas, serverName: serverName).run {
            report($0)
            events.append("\($0)")
        }
        return events
    }

    /// Makes sure that the databases are there as they have to be.
    func check(_ schemas: DatabaseSchema...) async throws {
        try await preparation(schemas, serverName: "example.org").check()
    }

    private func preparation(_ schemas: [DatabaseSchema], serverName: String) -> DatabasePreparation {
        DatabasePreparation(
            schemas, in: path, serverName: serverName, blockCache: BlockCache(capacityBytes: 1 << 20), environment: systemEnvironment)
    }

    /// Opens a database that was prepared, for as long as `body` takes.
    func session<Result>(_ schema: DatabaseSchema, _ body: (Database) async throws -> Result) async throws -> Result {
        let database = try Database(
            schema: schema, directory: "\(path)/\(schema.name)", serverName: "example.org", blockCache: BlockCache(capacityBytes: 1 << 20),
            environment: systemEnvironment, notifier: Notifier())
        defer { database.close() }
        return try await body(database)
    }

    /// The entries of the maps that the schema has and not every database.
    func content(_ schema: DatabaseSchema) async throws -> [String: [[UInt8]: [UInt8]]] {
        let common = Set(DatabaseSchema(name: "", version: 1, maps: []).maps.map(\.name))
        return try await session(schema) { database in
            var content: [String: [[UInt8]: [UInt8]]] = [:]
            for map in schema.maps where !common.contains(map.name) {
                let cursor = try database.snapshot().cursor(through: .all, of: map, .forward)
                while let (key, value) = try cursor.next() { content[map.name, default: [:]][key] = value }
            }
            return content
        }
    }

    /// The files of everything in the directory, by the directories that they are in; those of checkpoints too.
    func files() throws -> [String: DatabaseFiles] {
        var files: [String: DatabaseFiles] = [:]
        for name in try DatabaseFiles.names(in: path) {
            let isCheckpoint = name.hasPrefix("before-schema-")
            for database in isCheckpoint ? try DatabaseFiles.names(in: "\(path)/\(name)").map({ "\(name)/\($0)" }) : [name] {
                files[database] = try DatabaseFiles(in: "\(path)/\(database)")
            }
        }
        return files
    }
}
