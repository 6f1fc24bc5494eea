import Glibc
import RocksDB

/// Brings the databases of a data directory to where they can be opened: looks at all of them first, makes them for a new server, and
/// migrates those of an older version, after a checkpoint.
///
/// Whoever prepares holds the data directory's lock, and nobody has opened the databases.
package struct DatabasePreparation: Sendable {
    private let databases: [InstanceOpening]
    private let dataDirectory: String
    private let environment: Environment

    /// - Parameter schemas: those of all databases of a server. Each lies in the data directory under its name.
    package init(
        _ schemas: [DatabaseSchema], in dataDirectory: String, serverName: String, blockCache: BlockCache, environment: Environment
    ) {
        databases = schemas.map {
            InstanceOpening(
                schema: $0, directory: "\(dataDirectory)/\($0.name)", serverName: serverName, blockCache: blockCache,
                random: environment.random)
        }
        self.dataDirectory = dataDirectory
        self.environment = environment
    }

    /// Makes or migrates what has to be. When it is interrupted at any point, the next run goes on from there.
    ///
    /// - Parameter report: is told of each step once it is on the disk, on the thread that runs this.
    /// - Throws: `StoreError` when a database doesn't fit its schema, belongs to another server or is missing, or when the checkpoint can't be
    ///   made; then nothing was touched. What the databases' reading and writing throws.
    package func run(report: (UpgradeEvent) -> Void) async throws {
        var found = try await inspect()
        try checkMissing(found)
        for (index, database) in databases.enumerated() where found[index] == nil {
            try database.make()
            found[index] = try database.inspect()
        }
        let due = zip(databases, found).compactMap { database, found in
            found.flatMap { $0.isCurrent(database.schema) ? nil : (database: database, found: $0) }
        }
        guard !due.isEmpty else { return }
        // With a migration under way, the checkpoint from before it is there.
        if due.allSatisfy({ $0.found.marker == nil }) {
            let path = try UpgradeCheckpoint.make(of: databases.map(\.schema), upgrading: due.map(\.database.schema), in: dataDirectory)
            report(.checkpointMade(path: path))
        }
        try withoutActuallyEscaping(report) { report in
            // All of them are begun before one of them is done: as long as anything is left, something shows that the checkpoint is made.
            let migrators = try due.map { try Migrator($0.database, found: $0.found, clock: environment.clock, report: report) }
            for migrator in migrators { try migrator.run() }
        }
    }

    /// Makes sure that all databases are there and have this program's schemas, for who opens those of a stopped server as they are.
    ///
    /// - Throws: `StoreError` otherwise; nothing is touched.
    package func check() async throws {
        for (database, found) in zip(databases, try await inspect()) {
            guard let found else {
                throw StoreError.databaseMissing("the data directory \(dataDirectory) has no database \(database.schema.name)")
            }
            try database.check(found)
        }
    }

    /// What is there of each database, in their order.
    private func inspect() async throws -> [InstanceInspection?] {
        try await withThrowingTaskGroup(of: (Int, InstanceInspection?).self) { group in
            for (index, database) in databases.enumerated() { group.addTask { (index, try database.inspect()) } }
            var found = [InstanceInspection?](repeating: nil, count: databases.count)
            for try await (index, inspection) in group { found[index] = inspection }
            return found
        }
    }

    /// Databases are made together and opened when all are there: one that has been used never stands beside one that is still to be made.
    private func checkMissing(_ found: [InstanceInspection?]) throws(StoreError) {
        let missing = zip(databases, found).filter { $1 == nil }.map(\.0.schema.name)
        let used = zip(databases, found).filter { $1?.isUsed == true }.map(\.0.schema.name)
        guard !missing.isEmpty, !used.isEmpty else { return }
        throw .databaseMissing(
            "the data directory \(dataDirectory) has \(used.joined(separator: " and ")) but not \(missing.joined(separator: " and ")): mount "
                + "the disk that it lies on or, if it is lost, restore a backup of all databases")
    }
}
