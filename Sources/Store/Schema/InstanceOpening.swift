import Glibc
import RocksDB

/// Makes a database's RocksDB instance, looks at it, and opens it when what is there fits the schema.
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

    /// How messages call the database.
    var title: String { "the \(schema.name) database in \(directory)" }

    /// What it means that RocksDB could not do something with the closed database.
    func explain(_ error: RocksDBError) -> StoreError {
        InstanceDiagnosis(title: title, directory: directory, maps: schema.maps, blockCache: blockCache).explain(error)
    }

    /// Opens the instance in the directory; makes it, complete or not at all, where there is none.
    ///
    /// - Parameter isPrepared: whether it is known to be there and to fit.
    func open(isPrepared: Bool = false) throws -> OpenInstance {
        if !isPrepared, try !check() { try make() }
        try probe()
        return try openChecked(schema.maps)
    }

    /// Opens the instance that has to be there.
    func openExisting() throws -> OpenInstance {
        guard try check() else { throw StoreError.dataDirectory("there is no \(schema.name) database in \(directory)") }
        return try open(isPrepared: true)
    }

    /// Opens the instance whatever it has lost; maps that are missing are made.
    func openAcceptingLoss(_ mode: InstanceOptions.WALRecoveryMode) throws(StoreError) -> OpenInstance {
        try open(schema.maps, optionsAcceptingLoss(mode), readOnly: false)
    }

    /// Has recovery write to tables what the logs hold, without a look at the tables that are there. Otherwise what the logs hold of a map
    /// that has lost all of its tables would be lost with them.
    func writeLogsToTables() throws {
        var options = optionsAcceptingLoss(.skipAnyCorrupted)
        options.maxOpenFiles = 512
        options.paranoidChecks = false
        options.extra["skip_checking_sst_file_sizes_on_db_open"] = "true"
        let families = schema.maps.map { map in
            var options = self.options(of: map)
            options.extra["disable_auto_compactions"] = "true"
            return (map.name, options)
        }
        _ = try Instance.open(at: directory, options: options, columnFamilies: families)
    }

    func optionsAcceptingLoss(_ mode: InstanceOptions.WALRecoveryMode) -> InstanceOptions {
        var options = options(afterFailure: true)
        options.walRecoveryMode = mode
        options.createMissingColumnFamilies = true
        return options
    }

    /// Opens the instance again after a write to it has failed, when it has been closed.
    ///
    /// What recovery finds in the log goes to tables at once: after a failed sync, the log's last pages may be in the system's memory alone,
    /// which takes them for written, and no later sync tells.
    func openAgain() throws -> OpenInstance {
        _ = try check()
        return try openChecked(schema.maps, afterFailure: true)
    }

    /// Opens the instance to be migrated.
    ///
    /// - Parameter maps: the maps that are there.
    func openToMigrate(_ maps: [MapDescriptor]) throws -> OpenInstance {
        try probe()
        return try openChecked(maps)
    }

    /// Opens the instance for nothing but reading; no file is changed.
    ///
    /// - Parameter maps: what is read, by default the schema's maps.
    func openForReading(_ maps: [MapDescriptor]? = nil) throws -> OpenInstance {
        var options = options()
        // RocksDB goes without an info log where it can't make one; in the directory it would be a change.
        options.extra["db_log_dir"] = "/dev/null"
        return try open(maps ?? schema.maps, options, readOnly: true)
    }

    /// What there is, found out without changing anything in it; nil where there is nothing.
    ///
    /// - Throws: `StoreError` when what is there is no database, another server's, of a version that the schema has no way from, or when its
    ///   maps are not those of its version.
    func inspect() throws -> InstanceInspection? {
        try InstanceInspection(of: self)
    }

    /// Finds out whether what is there can be opened, without changing anything in it.
    ///
    /// - Returns: whether there is a database.
    /// - Throws: like ``inspect()``, and when the database has to be migrated first.
    func check() throws -> Bool {
        guard let found = try inspect() else { return false }
        try check(found)
        return true
    }

    /// Finds out whether what was found can be opened as it is.
    func check(_ found: InstanceInspection) throws(StoreError) {
        guard found.isCurrent(schema) else {
            throw .schemaMismatch(
                "the \(schema.name) database in \(directory) has schema version \(found.version), this program has \(schema.version); "
                    + "start the server to bring it forward")
        }
    }

    /// On a full disk RocksDB might not return: see `options`.
    private func probe() throws(StoreError) {
        try DiskProbe.run(in: directory, bytes: Self.openingBytes, random: random)
    }

    private func openChecked(_ maps: [MapDescriptor], afterFailure: Bool = false) throws -> OpenInstance {
        try syncLogs()
        DiskProbe.removeRemains(in: directory)
        return try open(maps, options(afterFailure: afterFailure), readOnly: false)
    }

    private func open(_ maps: [MapDescriptor], _ options: InstanceOptions, readOnly: Bool) throws(StoreError) -> OpenInstance {
        let families = maps.map { ($0.name, self.options(of: $0)) }
        let instance: Instance
        do throws(RocksDBError) {
            instance = try Instance.open(at: directory, options: options, columnFamilies: families, readOnly: readOnly)
        } catch {
            throw explain(error)
        }
        return try OpenInstance(instance, maps)
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
    func make() throws(StoreError) {
        let unfinished = directory + ".new"
        try DirectoryTree.remove(unfinished)
        let global = CommonMaps.global.map.name
        do throws(RocksDBError) {
            try Instance.create(
                at: unfinished, columnFamilies: schema.maps.map(\.name),
                entries: [
                    (global, GlobalKey.schemaVersion.encoded, schema.version.encoded),
                    (global, GlobalKey.serverName.encoded, serverName.encoded),
                    (global, GlobalKey.keepsDurableMark.encoded, []),
                ])
        } catch {
            throw .rocksDB(error)
        }
        try DurableMark(sequence: 0, logs: DurableMark.logs(in: unfinished)).write(in: unfinished)
        guard rename(unfinished, directory) == 0 else {
            throw .dataDirectory("\(unfinished) can't be renamed to \(directory): \(DurableFile.lastError)")
        }
        // Commits that are synced into a directory which is not itself on the disk would be lost with it.
        try DurableFile.syncDirectory("\(directory)/..")
    }

    private func options(afterFailure: Bool = false) -> InstanceOptions {
        var options = InstanceOptions()
        options.maxOpenFiles = -1
        options.dbWriteBufferSizeBytes = Self.writeBufferBytes
        options.maxTotalWALSizeBytes = 24 << 20
        options.keepLogFileNum = 4
        options.statsDumpPeriodSeconds = 0
        options.maxBackgroundJobs = 2
        // Logs would take space ahead: some 28 MB in each database, all that is left of a disk that is nearly full.
        options.extra["allow_fallocate"] = "false"
        // The state before the first damage of the log; `RecoveryCheck` sees to it that nothing is missing then that was known to be there.
        options.walRecoveryMode = .pointInTime
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

    /// How a map's column family is tuned.
    func options(of map: MapDescriptor) -> ColumnFamilyOptions {
        var options = map.pattern.options(for: map, blockCache: blockCache)
        if !schema.compactsAutomatically { options.extra["disable_auto_compactions"] = "true" }
        return options
    }
}
