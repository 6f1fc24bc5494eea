import CRocksDB

/// The state of all column families of an instance at one moment. It keeps the instance's database open, and old values from being compacted away.
// Invariant of @unchecked Sendable: the pointers never change, the read options are not changed once the snapshot is set in them,
// and RocksDB takes reads of one snapshot from any thread.
package final class Snapshot: @unchecked Sendable {
    let pointer: OpaquePointer
    let readOptions: OpaquePointer
    let database: OpenDatabase

    init(of database: OpenDatabase) {
        self.database = database
        pointer = created(rocksdb_create_snapshot(database.pointer))
        readOptions = created(rocksdb_readoptions_create())
        rocksdb_readoptions_set_snapshot(readOptions, pointer)
    }

    deinit {
        rocksdb_readoptions_destroy(readOptions)
        rocksdb_release_snapshot(database.pointer, pointer)
    }
}
