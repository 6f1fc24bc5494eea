import RocksDB

/// A database that nobody has open, read as it lies there. Nothing in its directory is changed.
package final class ReadOnlyDatabase: Reader, Sendable {
    package let schema: DatabaseSchema
    /// The database's directory.
    package let directory: String
    /// What the database says of itself; nil when the table that says it is damaged.
    package let identity: DatabaseIdentity?
    private let opened: OpenInstance

    /// How many table files are kept open at a time.
    private static let openFilesMax = 512

    /// Opens the database in `directory`. Damaged tables don't keep it from being opened; reading them throws.
    ///
    /// - Parameter serverName: whose data it has to be; nil takes anybody's.
    /// - Throws: `StoreError` when there is no database, or one with other maps, of another version or of another server.
    package init(_ schema: DatabaseSchema, at directory: String, serverName: String? = nil, blockCache: BlockCache) throws {
        self.schema = schema
        self.directory = directory
        do {
            guard let present = try Instance.columnFamilies(at: directory) else {
                throw StoreError.dataDirectory("there is no \(schema.name) database in \(directory)")
            }
            let expected = Set(schema.maps.map(\.name))
            // The version comes before the maps: with another one they are expected to differ.
            let readable = present.filter { expected.contains($0) }
            let instance = try Self.open(readable, at: directory, blockCache)
            do {
                identity = try DatabaseIdentity(of: instance, called: "the \(schema.name) database in \(directory)")
            } catch is RocksDBError {
                identity = nil
            }
            if let identity, identity.schemaVersion != schema.version {
                throw StoreError.schemaMismatch(
                    "the \(schema.name) database in \(directory) has schema version \(identity.schemaVersion), this program has "
                        + "\(schema.version)")
            }
            if let serverName, let identity, identity.serverName != serverName {
                throw StoreError.schemaMismatch(
                    "the \(schema.name) database in \(directory) belongs to the server \(identity.serverName), not to \(serverName)")
            }
            let missing = expected.subtracting(present).sorted()
            let unknown = Set(present).subtracting(expected).subtracting([Instance.defaultColumnFamily]).sorted()
            guard missing.isEmpty, unknown.isEmpty else {
                throw StoreError.schemaMismatch(
                    "the \(schema.name) database in \(directory) doesn't have this version's maps"
                        + (unknown.isEmpty ? "" : "; unknown: \(unknown.joined(separator: ", "))")
                        + (missing.isEmpty ? "" : "; missing: \(missing.joined(separator: ", "))"))
            }
            opened = try OpenInstance(instance, schema.maps)
        } catch let error as RocksDBError {
            throw StoreError.rocksDB(error)
        }
    }

    private static func open(_ maps: [String], at directory: String, _ blockCache: BlockCache) throws(RocksDBError) -> Instance {
        var options = InstanceOptions()
        options.maxOpenFiles = openFilesMax
        // Otherwise one damaged table would hide all others, and the map that it belongs to.
        options.paranoidChecks = false
        options.extra["skip_checking_sst_file_sizes_on_db_open"] = "true"
        options.extra["max_file_opening_threads"] = "1"
        // RocksDB goes without an info log where it can't make one; in the directory it would be a change.
        options.extra["db_log_dir"] = "/dev/null"
        // What is read tells itself how it is stored, so the maps' tuning doesn't matter.
        var family = ColumnFamilyOptions()
        family.blockCache = blockCache
        return try Instance.open(at: directory, options: options, columnFamilies: maps.map { ($0, family) }, readOnly: true)
    }

    package func bytes(at key: [UInt8], in map: MapDescriptor) throws -> [UInt8]? {
        try opened.instance.get(key, in: opened.families[map], snapshot: nil)
    }

    package func bytes(atSorted keys: [[UInt8]], in map: MapDescriptor) throws -> [[UInt8]?] {
        try opened.instance.multiGet(keys, in: opened.families[map], snapshot: nil, sorted: true)
    }

    package func cursor(through range: KeyRange, of map: MapDescriptor, _ direction: Direction) throws -> any RawCursor {
        InstanceCursor(opened, map, snapshot: nil, range: range, direction: direction)
    }

    /// How large a map is, and how it is doing.
    func statistics(of map: MapDescriptor) -> MapStatistics { MapStatistics(of: map, in: opened) }

    /// Compares how far the database goes with what is known to have been on the disk.
    ///
    /// - Throws: `StoreError.behindDurable` or `StoreError.damaged` when something is missing.
    func checkRecovery() throws {
        let check = RecoveryCheck(title: "the \(schema.name) database in \(directory)", directory: directory)
        let hasMark = try check.check(opened.instance)
        if !hasMark, try get(CommonMaps.global, GlobalKey.keepsDurableMark) != nil { throw check.missingMark }
    }

    /// The table files, each with its map's name.
    var tableFiles: [TableFile] { opened.instance.tableFiles }
}

/// Whose data a database holds, and in which form.
package struct DatabaseIdentity: Sendable, Hashable {
    package let schemaVersion: UInt64
    package let serverName: String

    /// What the database says of itself.
    ///
    /// - Throws: `StoreError.schemaMismatch` when it doesn't.
    fileprivate init(of instance: Instance, called name: String) throws {
        func entry(_ key: String) throws -> [UInt8]? {
            try instance.columnFamily(CommonMaps.global.map.name).flatMap { try instance.get(key.encoded, in: $0, snapshot: nil) }
        }
        guard let version = try entry(GlobalKey.schemaVersion), let server = try entry(GlobalKey.serverName) else {
            throw StoreError.schemaMismatch("\(name) doesn't say what it is")
        }
        schemaVersion = try UInt64(encoded: version)
        serverName = try String(encoded: server)
    }
}
