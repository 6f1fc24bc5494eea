import CRocksDB

/// A column family of an open instance: a keyspace of its own that shares the instance's write-ahead log.
///
/// It keeps the instance's database open.
// Invariant of @unchecked Sendable: the handle never changes, is destroyed with this object and so before `database` closes, and may be used
// from any thread.
package final class ColumnFamily: @unchecked Sendable {
    package let name: String
    let handle: OpaquePointer
    let database: OpenDatabase
    /// The block cache that it was given.
    let blockCache: BlockCache?
    let blockCounter = BlockCounter()

    init(name: String, handle: OpaquePointer, database: OpenDatabase, blockCache: BlockCache?) {
        self.name = name
        self.handle = handle
        self.database = database
        self.blockCache = blockCache
    }

    /// What its reads have needed since the instance was opened.
    package var blockCounts: BlockCounts { blockCounter.counts }

    deinit {
        rocksdb_column_family_handle_destroy(handle)
    }
}
