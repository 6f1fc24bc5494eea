import RocksDB

/// A database's instance while it is open.
///
/// The instance behind a database changes when a write has failed. Whoever needs it takes it for one operation; published snapshots and
/// walks hold it for as long as they live, and it closes when the last of them is gone.
final class OpenInstance: Sendable {
    let instance: Instance
    let families: ColumnFamilies
    let recentScopes = RecentScopes()

    /// - Parameters:
    ///   - maps: what is read or written of it.
    ///   - sharingNames: whether a map with the name of one of these stands for the same. In a migration, a map is declared by several columns.
    init(_ instance: Instance, _ maps: [MapDescriptor], sharingNames: Bool = false) throws(StoreError) {
        self.instance = instance
        families = try ColumnFamilies(of: maps, in: instance, sharingNames: sharingNames)
    }
}

/// The column families of an open instance by their maps.
struct ColumnFamilies: Sendable {
    private let families: [ObjectIdentifier: ColumnFamily]

    /// Those that stand for other maps of their names too.
    private let familiesByName: [String: ColumnFamily]

    fileprivate init(of maps: [MapDescriptor], in instance: Instance, sharingNames: Bool) throws(StoreError) {
        var families: [ObjectIdentifier: ColumnFamily] = [:]
        var familiesByName: [String: ColumnFamily] = [:]
        for map in maps {
            guard let family = instance.columnFamily(map.name) else { throw .schemaMismatch("the map \(map.name) isn't there") }
            families[ObjectIdentifier(map)] = family
            if sharingNames { familiesByName[map.name] = family }
        }
        self.families = families
        self.familiesByName = familiesByName
    }

    /// All of them, in no order.
    var all: [ColumnFamily] { Array(families.values) }

    subscript(map: MapDescriptor) -> ColumnFamily {
        guard let family = families[ObjectIdentifier(map)] ?? familiesByName[map.name] else {
            preconditionFailure("the map \(map.name) belongs to another database")
        }
        return family
    }
}
