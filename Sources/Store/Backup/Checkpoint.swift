import RocksDB

/// Directories that are several databases as they all were at one moment.
package enum Checkpoint {
    /// What has become of it.
    package struct Outcome: Sendable, Hashable {
        /// The last position that each database had given out.
        package let positions: [Position]
        /// The moment, in milliseconds since 1970.
        package let time: Int64
        /// For how long commits have waited, in milliseconds: from the first database's hold to the last one's release.
        package let pauseMilliseconds: Int64
    }

    /// Makes a directory of each database, at the path of the same index, which must not exist. They are on the disk when this returns.
    ///
    /// Their logs are made short first. Then all writers are held, the directories are made side by side, and the writers go on.
    ///
    /// - Parameter databases: always in the same order, as in `Database.hold`.
    /// - Throws: `StoreError` when one of them fails, is closed, or its directory can't be made; then none is left.
    package static func take(of databases: [Database], to paths: [String]) async throws -> Outcome {
        precondition(!databases.isEmpty && databases.count == paths.count, "each database has a path")
        for path in paths where DirectoryTree.exists(path) { throw StoreError.dataDirectory("\(path) is there already") }
        for database in databases { try database.shortenLog() }
        var held: [Held] = []
        defer { for held in held { held.release() } }
        for database in databases { held.append(try await database.hold()) }
        let clock = databases[0].environment.clock
        let time = held[0].since
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (held, path) in zip(held, paths) { group.addTask { try await held.checkpoint(to: path) } }
                try await group.waitForAll()
            }
            for held in held { held.release() }
            let pauseMilliseconds = max(0, clock.now() - time)
            for (held, path) in zip(held, paths) { try held.finish(path) }
            return Outcome(positions: held.map(\.position), time: time, pauseMilliseconds: pauseMilliseconds)
        } catch {
            for path in paths { try? DirectoryTree.remove(path) }
            throw error
        }
    }
}

extension Database {
    /// So much of a log may be copied while the writer waits.
    private static let copiedLogMaxBytes: UInt64 = 1 << 20
    /// What is written while the tables are written goes to the log again; after so many times it is as short as it gets.
    private static let shorteningsMax = 3

    /// Writes what is in memory to tables until there is little in the newest log, the only one that a checkpoint copies and doesn't link.
    func shortenLog() throws(StoreError) {
        for _ in 0..<Self.shorteningsMax where try newestLogBytes() > Self.copiedLogMaxBytes { try flushTables() }
    }

    private func newestLogBytes() throws(StoreError) -> UInt64 {
        let logs = try DirectoryTree.names(in: opening.directory).filter { $0.hasSuffix(".log") }
        guard let newest = logs.max(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }) else { return 0 }
        return try DirectoryTree.bytes(in: "\(opening.directory)/\(newest)")
    }
}
