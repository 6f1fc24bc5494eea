import RocksDB

/// A database for whoever looks into it: a running server's, or what a stopped one has left in its directory, which is only read.
package struct InspectedDatabase: Sendable {
    private enum Source {
        case running(Database)
        case stopped(ReadOnlyDatabase)
    }

    private let source: Source

    /// The database of a running server.
    package init(_ database: Database) {
        source = .running(database)
    }

    /// The database that a stopped server has left.
    package init(_ database: ReadOnlyDatabase) {
        source = .stopped(database)
    }

    package var schema: DatabaseSchema {
        switch source {
        case .running(let database): database.schema
        case .stopped(let database): database.schema
        }
    }

    /// The newest state that can be read; it is not to be kept.
    package var reader: any Reader {
        switch source {
        case .running(let database): database.snapshot()
        case .stopped(let database): database
        }
    }

    /// A walk through a range of keys, which leaves the block cache to what the server reads itself. It is not to be kept.
    ///
    /// - Throws: `StoreError` when the database can't be read.
    package func cursor(through range: KeyRange, of map: MapDescriptor, _ direction: Direction) throws -> any RawCursor {
        switch source {
        case .running(let database): try database.snapshot().passingCursor(through: range, of: map, direction)
        case .stopped(let database): try database.cursor(through: range, of: map, direction)
        }
    }

    /// Whether the database can write; nil when no server runs.
    package var health: DatabaseHealth? {
        if case .running(let database) = source { database.health } else { nil }
    }

    /// How large a map is, and how it is doing.
    ///
    /// - Throws: `StoreError` when the database can't be read.
    package func statistics(of map: MapDescriptor) throws(StoreError) -> MapStatistics {
        switch source {
        case .running(let database): try database.snapshot().statistics(of: map)
        case .stopped(let database): database.statistics(of: map)
        }
    }

    /// What the database says of itself.
    ///
    /// - Throws: `StoreError` when it can't be read.
    package func summary() throws -> DatabaseSummary {
        try DatabaseSummary(of: reader)
    }

    /// Merges a map's tables, and waits until that is done.
    ///
    /// - Throws: `StoreError`, when it fails too.
    package func compact(_ map: MapDescriptor) throws(StoreError) {
        guard case .running(let database) = source else { throw .unavailable("it is open for nothing but reading") }
        try database.compactTables(of: map)
    }
}

/// How far a database is, and what is still to be done in it.
package struct DatabaseSummary: Sendable {
    /// The version of the set of maps and of their formats.
    package let schemaVersion: UInt64
    /// The server whose data this is.
    package let serverName: String
    /// The newest position.
    package let position: Position
    /// The position up to which the log of positions has been trimmed.
    package let logFloor: Position
    /// The followers whose place is kept here, of whichever database they follow: how far each is.
    package let followers: [(name: String, position: Position)]
    /// The jobs that aren't done.
    package let jobs: [(id: JobID, job: Job)]
    /// How many intents aren't known to be carried out; it is counted up to `countMax`.
    package let openIntents: Int

    private static let countMax = 10_000

    init(of reader: any Reader) throws {
        func global<Value: StoreCodable>(_ key: String, _ type: Value.Type) throws -> Value? {
            try reader.get(CommonMaps.global, key).map { try Value(encoded: $0) }
        }
        schemaVersion = try global(GlobalKey.schemaVersion, UInt64.self) ?? 0
        serverName = try global(GlobalKey.serverName, String.self) ?? ""
        logFloor = try global(GlobalKey.logFloor, Position.self) ?? .zero
        position = max(logFloor, try reader.first(CommonMaps.positionChange, .all, .backward)?.key ?? .zero)
        var followers = try reader.domain(CommonMaps.followerPosition, .all)
        self.followers = try followers.collect().map { ($0.key, $0.value) }
        var jobs = try reader.domain(CommonMaps.jobs, .all)
        self.jobs = try jobs.collect(limit: Self.countMax).map { ($0.key, $0.value) }
        var intents = try reader.domain(CommonMaps.intents, .all)
        openIntents = try intents.collect(limit: Self.countMax).count
    }
}
