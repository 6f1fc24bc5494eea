import RocksDB

/// Brings one database to its schema's version, one migration after the other.
///
/// Invariants:
/// - Everything that it writes is synced before the next thing is done, since RocksDB keeps entries and the set of maps in different files.
/// - The marker tells at each moment which maps are there and which entries are left: entries and marker change in one write, maps are added
///   only while the marker says so, and removed only when it says that nothing is left to be read in them.
/// - The version changes in the last write, which takes the marker away, or sets it for the next migration.
final class Migrator {
    private let opening: InstanceOpening
    private let schema: DatabaseSchema
    private let opened: OpenInstance
    private let global: ColumnFamily
    private let clock: any Clock
    private let counters: WriterCounters
    private let report: (UpgradeEvent) -> Void
    private var marker: MigrationMarker

    /// After so many writes, bytes or entries a commit ends. It takes milliseconds, and after a crash is what has to be done once more.
    private static let chunkWritesMax = 1000
    private static let chunkBytesMax = 256 << 10
    private static let chunkEntriesMax = 2000

    /// Opens the database and makes sure that its migration has begun: that the next migrator goes on with it, whatever happens.
    ///
    /// - Parameter found: what is there.
    init(
        _ opening: InstanceOpening, found: InstanceInspection, clock: any Clock, report: @escaping (UpgradeEvent) -> Void
    ) throws {
        self.opening = opening
        self.schema = opening.schema
        self.clock = clock
        self.report = report
        opened = try opening.openToMigrate(found.maps)
        global = opened.families[CommonMaps.global.map]
        counters = try WriterCounters(opened, now: clock.now())
        marker = found.marker ?? MigrationMarker(version: found.version + 1, stage: .adding)
        if found.marker == nil {
            try write { $0.put(GlobalKey.migration.encoded, marker.encoded, in: global) }
            report(.begun(database: schema.name, version: marker.version))
        }
    }

    /// Goes on until the database has the schema's version.
    func run() throws {
        while let migration = schema.migration(to: marker.version) {
            switch marker.stage {
            case .adding:
                try add(migration.adding)
                try move(to: Self.stage(afterStep: -1, of: migration))
            case .walking(let index, _):
                try walk(migration, index)
            case .removing:
                try remove(migration.removing)
                try finish(migration)
                guard marker.version > migration.version else { return }
            }
        }
    }

    /// What comes when a step is done: the next one, or after the last one the removal of old maps.
    private static func stage(afterStep index: Int, of migration: Migration) -> MigrationMarker.Stage {
        index + 1 < migration.steps.count ? .walking(step: index + 1, from: []) : .removing
    }

    private func add(_ maps: [MapDescriptor]) throws {
        for map in maps where opened.instance.columnFamily(map.name) == nil {
            do { _ = try opened.instance.createColumnFamily(map.name, options: opening.options(of: map)) } catch {
                throw StoreError.rocksDB(error)
            }
            report(.mapAdded(database: schema.name, map: map.name))
        }
    }

    private func remove(_ maps: [MapDescriptor]) throws {
        for map in maps {
            guard let family = opened.instance.columnFamily(map.name) else { continue }
            do { try opened.instance.dropColumnFamily(family) } catch { throw StoreError.rocksDB(error) }
            report(.mapRemoved(database: schema.name, map: map.name))
        }
    }

    /// Sets the new version, and begins the migration that follows.
    private func finish(_ migration: Migration) throws {
        let next = schema.migration(to: migration.version + 1).map { MigrationMarker(version: $0.version, stage: .adding) }
        try write { batch in
            batch.put(GlobalKey.schemaVersion.encoded, migration.version.encoded, in: global)
            if let next {
                batch.put(GlobalKey.migration.encoded, next.encoded, in: global)
            } else {
                batch.delete(GlobalKey.migration.encoded, in: global)
            }
        }
        report(.done(database: schema.name, version: migration.version))
        guard let next else { return }
        marker = next
        report(.begun(database: schema.name, version: next.version))
    }

    /// Hands the entries of a step's map that are left to the step, commit by commit.
    private func walk(_ migration: Migration, _ index: Int) throws {
        let maps = schema.maps(at: migration.version - 1, marker).certain
        let opened = try OpenInstance(opened.instance, maps, sharingNames: true)
        var count = 0
        while case .walking(index, let from) = marker.stage {
            count += try migrateChunk(migration, index, from, opened)
            report(.entriesMigrated(database: schema.name, map: migration.steps[index].map.name, count: count))
        }
    }

    /// Migrates entries of a step's map from a key on in one commit, which moves the marker behind them.
    ///
    /// - Returns: how many there were.
    private func migrateChunk(_ migration: Migration, _ index: Int, _ from: [UInt8], _ opened: OpenInstance) throws -> Int {
        do { try counters.reserve(in: opened) } catch { throw StoreError.rocksDB(error) }
        let step = migration.steps[index]
        let commit = Commit(opened, time: clock.now(), position: counters.position, lastShortID: counters.shortID)
        let cursor = InstanceCursor(opened, step.map, snapshot: nil, range: .all.from(from), direction: .forward)
        var next = from
        var count = 0
        var isAtEnd = false
        while count < Self.chunkEntriesMax, commit.overlay.writeCount < Self.chunkWritesMax, commit.overlay.byteCount < Self.chunkBytesMax {
            guard let entry = try cursor.next() else {
                isAtEnd = true
                break
            }
            try step.migrate(entry, in: commit)
            next = entry.key + [0x00]
            count += 1
        }
        precondition(
            commit.overlay.isFit(forWalkThrough: step.map, KeyRange(lower: from, upper: next)),
            "a step to version \(migration.version) of the \(schema.name) database writes to the map that it walks beyond the entry at hand, "
                + "or to one map by two columns")
        let writes = max(commit.overlay.writeCount, Int(commit.lastShortID - counters.shortID))
        guard writes <= Commit.writesMax else { throw StoreError.commitTooLarge(writes: writes, bytes: commit.overlay.byteCount) }
        try move(to: isAtEnd ? Self.stage(afterStep: index, of: migration) : .walking(step: index, from: next)) { batch in
            commit.overlay.write(to: batch) { opened.families[$0] }
        }
        counters.advance(to: commit.position, shortID: commit.lastShortID)
        return count
    }

    private func move(to stage: MigrationMarker.Stage, with other: (WriteBatch) -> Void = { _ in }) throws {
        let moved = MigrationMarker(version: marker.version, stage: stage)
        try write { batch in
            other(batch)
            batch.put(GlobalKey.migration.encoded, moved.encoded, in: global)
        }
        marker = moved
    }

    private func write(_ fill: (WriteBatch) -> Void) throws {
        let batch = WriteBatch()
        fill(batch)
        do { try opened.instance.write(batch, sync: true) } catch { throw StoreError.rocksDB(error) }
    }
}
