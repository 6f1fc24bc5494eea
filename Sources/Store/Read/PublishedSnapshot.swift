import RocksDB

/// A state of a database that is on the disk, and the position up to which it goes.
package final class PublishedSnapshot: Reader, Sendable {
    /// The newest position that is inside.
    package let position: Position
    private let instance: Instance
    private let families: ColumnFamilies
    private let snapshot: RocksDB.Snapshot

    init(position: Position, instance: Instance, families: ColumnFamilies, snapshot: RocksDB.Snapshot) {
        self.position = position
        self.instance = instance
        self.families = families
        self.snapshot = snapshot
    }

    package func bytes(at key: [UInt8], in map: MapDescriptor) throws -> [UInt8]? {
        try instance.get(key, in: families[map], snapshot: snapshot)
    }

    package func bytes(atSorted keys: [[UInt8]], in map: MapDescriptor) throws -> [[UInt8]?] {
        try instance.multiGet(keys, in: families[map], snapshot: snapshot, sorted: true)
    }

    package func cursor(through range: KeyRange, of map: MapDescriptor, _ direction: Direction) throws -> any RawCursor {
        InstanceCursor(instance: instance, family: families[map], snapshot: snapshot, range: range, direction: direction)
    }

    /// What happened after `position`, in order, at most `limit` entries.
    package func changes(after position: Position, limit: Int) throws -> [(position: Position, change: Change)] {
        // The key's successor, not the position's: the last of all positions, which a stranger's token may carry, has none.
        var log = try domain(CommonMaps.positionChange, .all.from(position.encoded + [0x00]))
        return try log.collect(limit: limit).map { ($0.key, $0.value) }
    }

    /// The newest position of each scope; `nil` for those that nothing was ever stamped for.
    package func positions(of scopes: [Scope]) throws -> [Position?] {
        try get(CommonMaps.scopePosition, all: scopes)
    }
}

/// The column families of an open instance by their maps.
struct ColumnFamilies: Sendable {
    private let families: [ObjectIdentifier: ColumnFamily]

    init(of schema: DatabaseSchema, in instance: Instance) throws {
        var families: [ObjectIdentifier: ColumnFamily] = [:]
        for map in schema.maps {
            guard let family = instance.columnFamily(map.name) else {
                throw StoreError.schemaMismatch("the \(schema.name) database has no map \(map.name)")
            }
            families[ObjectIdentifier(map)] = family
        }
        self.families = families
    }

    /// All of them, in no order.
    var all: [ColumnFamily] { Array(families.values) }

    subscript(map: MapDescriptor) -> ColumnFamily {
        guard let family = families[ObjectIdentifier(map)] else {
            preconditionFailure("the map \(map.name) belongs to another database")
        }
        return family
    }
}
