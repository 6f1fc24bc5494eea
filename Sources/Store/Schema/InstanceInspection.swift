import RocksDB

/// What a database's directory holds, found out without changing anything in it.
struct InstanceInspection {
    /// The version of the schema that it was made for or brought to.
    let version: UInt64
    /// How far the migration to the next version has come, if one is under way.
    let marker: MigrationMarker?
    /// Whether it has ever been opened to be written to.
    let isUsed: Bool
    /// The maps that are there.
    let maps: [MapDescriptor]

    /// See `InstanceOpening.inspect()`.
    init?(of opening: InstanceOpening) throws {
        let schema = opening.schema
        let title = opening.title
        guard let present = try Self.columnFamilies(of: opening) else { return nil }
        guard present.contains(CommonMaps.global.map.name) else { throw StoreError.schemaMismatch("\(title) doesn't say what it is") }
        // With all of its maps: of those that aren't opened, RocksDB doesn't read the logs, and would seem to end before them.
        let opened = try opening.openForReading(schema.everyMap(of: present))
        let recovery = RecoveryCheck(opening)
        // Before anything else, since what says what the database is may be missing, too.
        let hasMark = try recovery.check(opened.instance)
        func entry(_ key: String) throws(StoreError) -> [UInt8]? {
            do throws(RocksDBError) {
                return try opened.instance.get(key.encoded, in: opened.families[CommonMaps.global.map], snapshot: nil)
            } catch {
                throw .rocksDB(error)
            }
        }
        guard let versionBytes = try entry(GlobalKey.schemaVersion), let owner = try entry(GlobalKey.serverName) else {
            throw StoreError.schemaMismatch("\(title) doesn't say what it is")
        }
        version = try UInt64(encoded: versionBytes)
        marker = try entry(GlobalKey.migration).map { try MigrationMarker(encoded: $0) }
        if !hasMark, try entry(GlobalKey.keepsDurableMark) != nil { throw recovery.missingMark }
        isUsed = try entry(GlobalKey.positionReserved) != nil
        // The version first: with another one, the maps are expected to differ.
        try Self.check(version, marker, schema, title)
        try Self.check(owner: String(encoded: owner), opening.serverName, title)
        maps = try Self.maps(of: present, schema.maps(at: version, marker), title)
    }

    /// Whether there is nothing to migrate.
    func isCurrent(_ schema: DatabaseSchema) -> Bool {
        version == schema.version && marker == nil
    }

    /// The names of the maps that are there.
    private static func columnFamilies(of opening: InstanceOpening) throws(StoreError) -> [String]? {
        do {
            if let names = try Instance.columnFamilies(at: opening.directory) { return names }
        } catch {
            throw opening.explain(error)
        }
        if try DirectoryTree.isEmptyOrAbsent(opening.directory) { return nil }
        guard DirectoryTree.exists("\(opening.directory)/\(DurableMark.fileName)") else {
            throw StoreError.schemaMismatch("\(opening.title) has no file CURRENT: it is no database, or has lost a part")
        }
        throw .damaged("\(opening.title) has lost the file CURRENT; \(RecoveryCheck.advice)")
    }

    private static func check(_ version: UInt64, _ marker: MigrationMarker?, _ schema: DatabaseSchema, _ title: String) throws {
        let versions = "\(title) has schema version \(version), this program has \(schema.version)"
        guard version <= schema.version else { throw StoreError.schemaMismatch("\(versions): a newer program wrote it") }
        guard version >= schema.oldestVersion else {
            throw StoreError.schemaMismatch("\(versions), and nothing leads from the one to the other")
        }
        guard let marker else { return }
        guard marker.version <= schema.version else {
            throw StoreError.schemaMismatch("\(versions): a newer program has begun to bring it to version \(marker.version)")
        }
        let stepCount = schema.migration(to: marker.version)?.steps.count ?? 0
        if case .walking(let step, _) = marker.stage, step >= stepCount {
            throw StoreError.schemaMismatch("\(versions): another program has begun to bring it to version \(marker.version)")
        }
        guard marker.version == version + 1 else { throw StoreError.schemaMismatch("\(title) doesn't say what it is") }
    }

    private static func check(owner: String, _ serverName: String, _ title: String) throws {
        guard owner == serverName else {
            throw StoreError.schemaMismatch("\(title) belongs to the server \(owner), not to \(serverName)")
        }
    }

    /// The maps that are there, which have to be all that are certain and none that are not possible.
    private static func maps(
        of present: [String], _ expected: (certain: [MapDescriptor], possible: [MapDescriptor]), _ title: String
    ) throws -> [MapDescriptor] {
        let present = Set(present).subtracting([Instance.defaultColumnFamily])
        let unknown = present.subtracting((expected.certain + expected.possible).map(\.name)).sorted()
        let missing = Set(expected.certain.map(\.name)).subtracting(present).sorted()
        guard unknown.isEmpty, missing.isEmpty else {
            throw StoreError.schemaMismatch(
                "\(title) doesn't have this version's maps"
                    + (unknown.isEmpty ? "" : "; unknown: \(unknown.joined(separator: ", "))")
                    + (missing.isEmpty ? "" : "; missing: \(missing.joined(separator: ", "))"))
        }
        return expected.certain + expected.possible.filter { present.contains($0.name) }
    }
}
