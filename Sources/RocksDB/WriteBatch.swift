import CRocksDB

/// Writes to any column families of one instance that take effect together, in the order in which they were put here.
///
/// For one thread at a time; RocksDB copies keys and values into the batch.
package final class WriteBatch {
    let pointer = created(rocksdb_writebatch_create())
    /// The database whose column families the batch's entries name (by number: those of another would hit the wrong ones).
    private(set) var database: OpenDatabase?

    package init() {}

    deinit {
        rocksdb_writebatch_destroy(pointer)
    }

    /// How many operations the batch holds.
    package var count: Int { Int(rocksdb_writebatch_count(pointer)) }

    /// The batch's size as it is written to the log.
    package var sizeBytes: Int {
        var size = 0
        _ = rocksdb_writebatch_data(pointer, &size)
        return size
    }

    package func put(_ key: [UInt8], _ value: [UInt8], in columnFamily: ColumnFamily) {
        key.withBytes { key in value.withBytes { put(key, $0, in: columnFamily) } }
    }

    package func put(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, in columnFamily: ColumnFamily) {
        note(columnFamily)
        rocksdb_writebatch_put_cf(pointer, columnFamily.handle, key.chars, key.count, value.chars, value.count)
    }

    package func delete(_ key: [UInt8], in columnFamily: ColumnFamily) {
        key.withBytes { delete($0, in: columnFamily) }
    }

    package func delete(_ key: UnsafeRawBufferPointer, in columnFamily: ColumnFamily) {
        note(columnFamily)
        rocksdb_writebatch_delete_cf(pointer, columnFamily.handle, key.chars, key.count)
    }

    /// Deletes every key from `start` on and below `end`; nothing where `end` is not above `start`.
    package func deleteRange(from start: [UInt8], to end: [UInt8], in columnFamily: ColumnFamily) {
        // RocksDB would refuse an inverted range only after it has logged the batch.
        guard start.lexicographicallyPrecedes(end) else { return }
        note(columnFamily)
        start.withBytes { start in
            end.withBytes { end in
                rocksdb_writebatch_delete_range_cf(pointer, columnFamily.handle, start.chars, start.count, end.chars, end.count)
            }
        }
    }

    /// Makes the batch empty; its memory is used again.
    package func clear() {
        rocksdb_writebatch_clear(pointer)
        database = nil
    }

    private func note(_ columnFamily: ColumnFamily) {
        if let database {
            precondition(columnFamily.database === database, "a write batch takes column families of one instance only")
        } else {
            database = columnFamily.database
        }
    }
}
