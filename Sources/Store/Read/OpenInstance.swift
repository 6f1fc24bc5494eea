import RocksDB

/// A database's instance while it is open.
///
/// The instance behind a database changes when a write has failed. Whoever needs it takes it for one operation; published snapshots and
/// walks hold it for as long as they live, and it closes when the last of them is gone.
final class OpenInstance: Sendable {
    let instance: Instance
    let families: ColumnFamilies

    init(_ instance: Instance, _ schema: DatabaseSchema) throws {
        self.instance = instance
        families = try ColumnFamilies(of: schema, in: instance)
    }
}

/// The column families of an open instance by their maps.
struct ColumnFamilies: Sendable {
    private let families: [ObjectIdentifier: ColumnFamily]

    fileprivate init(of schema: DatabaseSchema, in instance: Instance) throws {
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
