import CRocksDB

/// The C objects of one open database, from open to close.
///
/// `Instance`, `ColumnFamily`, `Snapshot` and `RocksIterator` each hold it strongly, so that it closes only after the last of them is gone,
/// and no C object is ever used after the close or destroyed after its database.
// Invariant of @unchecked Sendable: everything is set once, before the object is shared; the read and write options are never
// changed after that; and RocksDB takes calls on a database and its column family handles from any thread.
final class OpenDatabase: @unchecked Sendable {
    let pointer: OpaquePointer
    let columnFamilyHandles: [OpaquePointer]
    /// Reads the newest state.
    let readOptions = created(rocksdb_readoptions_create())
    let writeWithoutSync = created(rocksdb_writeoptions_create())
    let writeWithSync = created(rocksdb_writeoptions_create())
    /// Owns the statistics.
    let options: OptionsHandle
    /// Each block cache that was given for one of the column families, once.
    let blockCaches: [BlockCache]

    init(pointer: OpaquePointer, columnFamilyHandles: [OpaquePointer], options: OptionsHandle, blockCaches: [BlockCache]) {
        self.pointer = pointer
        self.columnFamilyHandles = columnFamilyHandles
        self.options = options
        self.blockCaches = blockCaches
        rocksdb_writeoptions_set_sync(writeWithSync, 1)
    }

    deinit {
        for handle in columnFamilyHandles { rocksdb_column_family_handle_destroy(handle) }
        rocksdb_close(pointer)
        rocksdb_readoptions_destroy(readOptions)
        rocksdb_writeoptions_destroy(writeWithoutSync)
        rocksdb_writeoptions_destroy(writeWithSync)
    }
}
