import CRocksDB

/// The C objects of one open database, from open to close.
///
/// `Instance`, `ColumnFamily`, `Snapshot` and `RocksIterator` each hold it strongly, so that it closes only after the last of them is gone,
/// and no C object is ever used after the close or destroyed after its database.
// Invariant of @unchecked Sendable: everything is set once, before the object is shared; the read and write options are never
// changed after that; and RocksDB takes calls on a database from any thread.
final class OpenDatabase: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Reads the newest state.
    let readOptions = created(rocksdb_readoptions_create())
    let writeWithoutSync = created(rocksdb_writeoptions_create())
    let writeWithSync = created(rocksdb_writeoptions_create())
    /// Owns the statistics.
    let options: OptionsHandle

    init(pointer: OpaquePointer, options: OptionsHandle) {
        self.pointer = pointer
        self.options = options
        rocksdb_writeoptions_set_sync(writeWithSync, 1)
    }

    deinit {
        rocksdb_close(pointer)
        rocksdb_readoptions_destroy(readOptions)
        rocksdb_writeoptions_destroy(writeWithoutSync)
        rocksdb_writeoptions_destroy(writeWithSync)
    }
}
