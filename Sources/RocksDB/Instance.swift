import CRocksDB
import Glibc
import Synchronization

/// An open RocksDB database.
///
/// It closes when this object and every column family, snapshot and iterator that came from it are gone; then its directory can be opened again.
/// All of it may be used from any thread, except iterators and write batches, which are for one at a time.
package final class Instance: Sendable {
    let database: OpenDatabase
    private let columnFamilies: Mutex<[String: ColumnFamily]>

    private init(database: OpenDatabase, columnFamilies: [String: ColumnFamily]) {
        self.database = database
        self.columnFamilies = Mutex(columnFamilies)
    }

    /// Opens the database in the directory `path`.
    ///
    /// - Parameters:
    ///   - columnFamilies: all column families that the database has (fewer do for reading only). `default`, which every database has,
    ///     is added where it is missing, with default options and the first one's block cache.
    ///   - readOnly: opens what is there, logs included, without changing a file; writes throw `notSupported`.
    package static func open(
        at path: String, options: InstanceOptions, columnFamilies: [(name: String, options: ColumnFamilyOptions)], readOnly: Bool = false
    ) throws(RocksDBError) -> Instance {
        var descriptors = columnFamilies
        if !descriptors.contains(where: { $0.name == defaultColumnFamily }) {
            var defaults = ColumnFamilyOptions()
            defaults.blockCache = columnFamilies.first?.options.blockCache
            descriptors.insert((defaultColumnFamily, defaults), at: 0)
        }

        let instanceOptions = try options.makeHandle()
        // RocksDB says the same, but not before it has made the directory with a lock and an info log in it.
        if !readOnly, rocksdb_options_get_create_if_missing(instanceOptions.pointer) == 0, !hasDatabase(at: path) {
            throw RocksDBError(message: "Invalid argument: \(path): does not exist (create_if_missing is false)")
        }
        var familyOptions: [OptionsHandle] = []
        for descriptor in descriptors { familyOptions.append(try descriptor.options.makeHandle()) }
        defer { withExtendedLifetime(familyOptions) {} }

        let names = descriptors.map { strdup($0.name) }
        defer { for name in names { free(name) } }
        let namePointers = names.map { UnsafePointer($0) }
        let optionPointers = familyOptions.map { Optional($0.pointer) }
        var handles = [OpaquePointer?](repeating: nil, count: descriptors.count)
        let count = Int32(descriptors.count)
        let pointer = try RocksDBError.check { error in
            readOnly
                ? rocksdb_open_for_read_only_column_families(
                    instanceOptions.pointer, path, count, namePointers, optionPointers, &handles, 0, error)
                : rocksdb_open_column_families(instanceOptions.pointer, path, count, namePointers, optionPointers, &handles, error)
        }

        let database = OpenDatabase(pointer: created(pointer), options: instanceOptions)
        var families: [String: ColumnFamily] = [:]
        for (descriptor, handle) in zip(descriptors, handles) {
            families[descriptor.name] = ColumnFamily(
                name: descriptor.name, handle: created(handle), database: database, blockCache: descriptor.options.blockCache)
        }
        return Instance(database: database, columnFamilies: families)
    }

    /// The names of the column families of the database in the directory `path`, `default` among them; nil where there is no database.
    /// It may be open.
    package static func columnFamilies(at path: String) throws(RocksDBError) -> [String]? {
        guard hasDatabase(at: path) else { return nil }
        let options = OptionsHandle()
        var count = 0
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        defer { rocksdb_list_column_families_destroy(names, count) }
        try RocksDBError.check { names = rocksdb_list_column_families(options.pointer, path, &count, $0) }
        return UnsafeBufferPointer(start: names, count: count).compactMap { name in name.map { String(cString: $0) } }
    }

    /// Whether the directory holds the file that names a database's current manifest.
    private static func hasDatabase(at path: String) -> Bool {
        access("\(path)/CURRENT", F_OK) == 0
    }

    /// The name of the column family that every database has.
    package static let defaultColumnFamily = "default"

    /// The column family of that name, where it was opened.
    package func columnFamily(_ name: String) -> ColumnFamily? {
        columnFamilies.withLock { $0[name] }
    }

    /// Makes a column family, which is on the disk when this returns. RocksDB writes its OPTIONS file anew for each: that takes a while.
    ///
    /// - Throws: `RocksDBError` of the kind `invalidArgument` when there is one of that name.
    package func createColumnFamily(_ name: String, options: ColumnFamilyOptions) throws(RocksDBError) -> ColumnFamily {
        let familyOptions = try options.makeHandle()
        defer { withExtendedLifetime(familyOptions) {} }
        let handle = try RocksDBError.check { rocksdb_create_column_family(database.pointer, familyOptions.pointer, name, $0) }
        let family = ColumnFamily(name: name, handle: created(handle), database: database, blockCache: options.blockCache)
        columnFamilies.withLock { $0[name] = family }
        return family
    }

    /// Takes a column family away, for good when this returns. What still refers to it can go on reading it; its tables are removed once
    /// nothing does.
    package func dropColumnFamily(_ columnFamily: ColumnFamily) throws(RocksDBError) {
        requireOwn(columnFamily, nil)
        try RocksDBError.check { rocksdb_drop_column_family(database.pointer, columnFamily.handle, $0) }
        columnFamilies.withLock { $0[columnFamily.name] = nil }
    }

    /// The state as it is now, for reading it later.
    package func makeSnapshot() -> Snapshot {
        Snapshot(of: database)
    }

    /// An iterator over the keys from `lowerBound` on (or the first one) and below `upperBound` (or to the last one).
    ///
    /// - Parameter fillCache: whether blocks that it reads go to the block cache; `false` for a long pass over data that is not read again soon.
    package func makeIterator(
        in columnFamily: ColumnFamily, snapshot: Snapshot?, lowerBound: [UInt8]?, upperBound: [UInt8]?, fillCache: Bool = true
    ) -> RocksIterator {
        requireOwn(columnFamily, snapshot)
        return RocksIterator(
            columnFamily: columnFamily, snapshot: snapshot, lowerBound: lowerBound, upperBound: upperBound, fillCache: fillCache)
    }

    /// A handle or snapshot of another database would make RocksDB read what is not its own.
    func requireOwn(_ columnFamily: ColumnFamily, _ snapshot: Snapshot?) {
        precondition(columnFamily.database === database, "the column family belongs to another instance")
        precondition(snapshot == nil || snapshot?.database === database, "the snapshot belongs to another instance")
    }
}
