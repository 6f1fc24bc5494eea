import Glibc
import RocksDB

/// Opens a database's RocksDB instance when what is there fits the schema.
enum InstanceOpening {
    /// Opens the instance in `directory`; makes it, complete or not at all, where there is none.
    static func open(_ schema: DatabaseSchema, at directory: String, serverName: String, blockCache: BlockCache) throws -> Instance {
        do {
            guard let present = try Instance.columnFamilies(at: directory) else {
                return try create(schema, at: directory, serverName: serverName, blockCache: blockCache)
            }
            // The version first: with another one, the maps are expected to differ.
            if present.contains(CommonMaps.global.map.name) {
                try checkIdentity(at: directory, schema, serverName, blockCache)
            }
            try checkMaps(present, schema, directory)
            try syncLogs(in: directory)
            return try Instance.open(at: directory, options: options(), columnFamilies: families(schema, blockCache))
        } catch let error as RocksDBError {
            throw StoreError.rocksDB(error)
        }
    }

    /// Compares the schema's version and the server's name with what the directory says, without changing anything in it.
    private static func checkIdentity(
        at directory: String, _ schema: DatabaseSchema, _ serverName: String, _ blockCache: BlockCache
    ) throws {
        // For reading, RocksDB is content with the one map that says it.
        let families = families(schema, blockCache).filter { $0.name == CommonMaps.global.map.name }
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
    private static func checkMaps(_ present: [String], _ schema: DatabaseSchema, _ directory: String) throws {
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
    private static func syncLogs(in directory: String) throws {
        for name in try DirectoryTree.names(in: directory) where name.hasSuffix(".log") {
            try DurableFile.sync("\(directory)/\(name)")
        }
        try DurableFile.syncDirectory(directory)
    }

    /// Makes the instance under another name and renames it when it is whole, so that a crash leaves all of it or nothing.
    private static func create(_ schema: DatabaseSchema, at directory: String, serverName: String, blockCache: BlockCache) throws
        -> Instance
    {
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
        return try Instance.open(at: directory, options: options(), columnFamilies: families(schema, blockCache))
    }

    private static func options() -> InstanceOptions {
        var options = InstanceOptions()
        options.maxOpenFiles = -1
        options.dbWriteBufferSizeBytes = 24 << 20
        options.maxTotalWALSizeBytes = 24 << 20
        options.keepLogFileNum = 4
        options.statsDumpPeriodSeconds = 0
        options.maxBackgroundJobs = 2
        // The flusher hands a group's log to the system in one piece, instead of each commit its own.
        options.extra["manual_wal_flush"] = "true"
        // What a restart finds in the log stays in memory instead of becoming a table for each map.
        options.extra["avoid_flush_during_recovery"] = "true"
        // By default RocksDB starts sixteen threads for each map to open its tables, and reads all of their statistics.
        options.extra["max_file_opening_threads"] = "1"
        options.extra["skip_stats_update_on_db_open"] = "true"
        return options
    }

    private static func families(_ schema: DatabaseSchema, _ blockCache: BlockCache) -> [(name: String, options: ColumnFamilyOptions)] {
        schema.maps.map { map in
            var options = map.pattern.options(for: map, blockCache: blockCache)
            if !schema.compactsAutomatically { options.extra["disable_auto_compactions"] = "true" }
            return (map.name, options)
        }
    }
}
