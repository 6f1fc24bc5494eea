import Glibc
import RocksDB

/// Opens a database's RocksDB instance when what is there fits the schema.
struct InstanceOpening: Sendable {
    let schema: DatabaseSchema
    let directory: String
    let serverName: String
    let blockCache: BlockCache
    let random: any RandomSource

    /// The size that all memtables together may have.
    static let writeBufferBytes = 24 << 20
    /// More than opening writes.
    private static let openingBytes = 1 << 20

    /// Opens the instance in the directory; makes it, complete or not at all, where there is none.
    func open() throws -> OpenInstance {
        try wrapping {
            guard try check() else { return try create() }
            // On a full disk RocksDB might not return: see `options`.
            try DiskProbe.run(in: directory, bytes: Self.openingBytes, random: random)
            return try openChecked()
        }
    }

    /// Opens the instance again after a write to it has failed, when it has been closed.
    ///
    /// What recovery finds in the log goes to tables at once: after a failed sync, the log's last pages may be in the system's memory alone,
    /// which takes them for written, and no later sync tells.
    func openAgain() throws -> OpenInstance {
        try wrapping {
            _ = try check()
            return try openChecked(afterFailure: true)
        }
    }

    /// Opens the instance for nothing but reading; no file is changed.
    func openForReading() throws -> OpenInstance {
        try wrapping {
            try OpenInstance(Instance.open(at: directory, options: options(), columnFamilies: families(), readOnly: true), schema)
        }
    }

    /// Finds out whether what is there can be opened, without changing anything in it.
    ///
    /// - Returns: whether there is a database.
    func check() throws -> Bool {
        try wrapping {
            guard let present = try Instance.columnFamilies(at: directory) else { return false }
            // The version first: with another one, the maps are expected to differ.
            if present.contains(CommonMaps.global.map.name) { try checkIdentity() }
            try checkMaps(present)
            return true
        }
    }

    private func openChecked(afterFailure: Bool = false) throws -> OpenInstance {
        try syncLogs()
        DiskProbe.removeRemains(in: directory)
        let options = options(afterFailure: afterFailure)
        return try OpenInstance(Instance.open(at: directory, options: options, columnFamilies: families()), schema)
    }

    private func wrapping<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as RocksDBError { throw StoreError.rocksDB(error) }
    }

    /// Compares the schema's version and the server's name with what the directory says, without changing anything in it.
    private func checkIdentity() throws {
        // For reading, RocksDB is content with the one map that says it.
        let families = families().filter { $0.name == CommonMaps.global.map.name }
        let instance = try Instance.open(at: directory, options: options(), columnFamilies: families, readOnly: true)
        guard let global = instance.columnFamily(CommonMaps.global.map.name),
            let version = try instance.get(GlobalKey.schemaVersion.encoded, in: global, snapshot: nil),
            let name = try instance.get(GlobalKey.serverName.encoded, in: global, snapshot: nil)
        else {
            throw StoreError.schemaMismatch("the \(schema.name) database in \(directory) doesn't say what it is")
        }
        let found = try UInt64(encoded: version)
        guard found == schema.version else {
            throw StoreError.schemaMismatch(
                "the \(schema.name) database in \(directory) has schema version \(found), this program has \(schema.version)"
                    + (found > schema.version ? ": a newer program wrote it" : ""))
        }
        let owner = try String(encoded: name)
        guard owner == serverName else {
            throw StoreError.schemaMismatch(
                "the \(schema.name) database in \(directory) belongs to the server \(owner), not to \(serverName)")
        }
    }

    /// Compares the maps that are there with the schema's.
    private func checkMaps(_ present: [String]) throws {
        let expected = Set(schema.maps.map(\.name)).union([Instance.defaultColumnFamily])
        let unknown = Set(present).subtracting(expected).sorted()
        let missing = expected.subtracting(present).sorted()
        guard unknown.isEmpty, missing.isEmpty else {
            throw StoreError.schemaMismatch(
                "the \(schema.name) database in \(directory) doesn't have this version's maps"
                    + (unknown.isEmpty ? "" : "; unknown: \(unknown.joined(separator: ", "))")
                    + (missing.isEmpty ? "" : "; missing: \(missing.joined(separator: ", "))"))
        }
    }

    /// Puts on the disk what the write-ahead logs hold.
    ///
    /// What a killed process has not synced is in them all the same, and opening brings it back and publishes it, without
    /// writing it anywhere else. If the machine failed then, what had been visible would be gone, and with it every later commit:
    /// RocksDB ends its recovery at a gap.
    private func syncLogs() throws {
        for name in try DirectoryTree.names(in: directory) where name.hasSuffix(".log") {
            try DurableFile.sync("\(directory)/\(name)")
        }
        try DurableFile.syncDirectory(directory)
    }

    /// Makes the instance under another name and renames it when it is whole, so that a crash leaves all of it or nothing.
    private func create() throws -> OpenInstance {
        let unfinished = directory + ".new"
        try DirectoryTree.remove(unfinished)
        let global = CommonMaps.global.map.name
        try Instance.create(
            at: unfinished, columnFamilies: schema.maps.map(\.name),
            entries: [
                (global, GlobalKey.schemaVersion.encoded, schema.version.encoded),
                (global, GlobalKey.serverName.encoded, serverName.encoded),
            ])
        guard rename(unfinished, directory) == 0 else {
            throw StoreError.dataDirectory("\(unfinished) can't be renamed to \(directory): \(DurableFile.lastError)")
        }
        // Commits that are synced into a directory which is not itself on the disk would be lost with it.
        try DurableFile.syncDirectory("\(directory)/..")
        return try openChecked()
    }

    private func options(afterFailure: Bool = false) -> InstanceOptions {
        var options = InstanceOptions()
        options.maxOpenFiles = -1
        options.dbWriteBufferSizeBytes = Self.writeBufferBytes
        options.maxTotalWALSizeBytes = 24 << 20
        options.keepLogFileNum = 4
        options.statsDumpPeriodSeconds = 0
        options.maxBackgroundJobs = 2
        // The flusher hands a group's log to the system in one piece, instead of each commit its own. With that, RocksDB 7.8 waits for itself for
        // ever if it opens an instance whose log has a torn end, as a failed write leaves it, and can't write the new log.
        options.extra["manual_wal_flush"] = afterFailure ? "false" : "true"
        // What a restart finds in the log stays in memory instead of becoming a table for each map.
        options.extra["avoid_flush_during_recovery"] = afterFailure ? "false" : "true"
        // By default RocksDB starts sixteen threads for each map to open its tables, and reads all of their statistics.
        options.extra["max_file_opening_threads"] = "1"
        options.extra["skip_stats_update_on_db_open"] = "true"
        return options
    }

    private func families() -> [(name: String, options: ColumnFamilyOptions)] {
        schema.maps.map { map in
            var options = map.pattern.options(for: map, blockCache: blockCache)
            if !schema.compactsAutomatically { options.extra["disable_auto_compactions"] = "true" }
            return (map.name, options)
        }
    }
}
