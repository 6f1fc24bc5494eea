import CRocksDB

extension Instance {
    /// Writes all of the batch or nothing.
    ///
    /// - Parameter sync: waits until the disk has it, and with it every write before. Otherwise a crash of the machine, not of the process,
    ///   can lose it, until `flushWAL(sync:)`.
    package func write(_ batch: WriteBatch, sync: Bool) throws(RocksDBError) {
        precondition(batch.database == nil || batch.database === database, "the batch was made for another instance")
        let options = sync ? database.writeWithSync : database.writeWithoutSync
        try RocksDBError.check { rocksdb_write(database.pointer, options, batch.pointer, $0) }
    }

    /// Gives the write-ahead log's buffer to the system and, with `sync`, waits until the disk has every write that came before.
    package func flushWAL(sync: Bool) throws(RocksDBError) {
        try RocksDBError.check { rocksdb_flush_wal(database.pointer, sync ? 1 : 0, $0) }
    }

    /// Writes the column family's memtable to a table file.
    ///
    /// - Parameter wait: returns only when that is done.
    package func flush(_ columnFamily: ColumnFamily, wait: Bool = true) throws(RocksDBError) {
        requireOwn(columnFamily, nil)
        let options = rocksdb_flushoptions_create()
        defer { rocksdb_flushoptions_destroy(options) }
        rocksdb_flushoptions_set_wait(options, wait ? 1 : 0)
        try RocksDBError.check { rocksdb_flush_cf(database.pointer, options, columnFamily.handle, $0) }
    }

    /// Compacts the tables that hold keys from `start` on (or the first one) up to `end` (or the last one), and waits until that is done.
    ///
    /// The C API keeps the outcome to itself; a failure shows in the property `rocksdb.background-errors`.
    /// - Parameter rewriteBottommost: rewrites the last level's files too, even where nothing is merged into them.
    package func compact(_ columnFamily: ColumnFamily, from start: [UInt8]? = nil, to end: [UInt8]? = nil, rewriteBottommost: Bool = false)
    {
        requireOwn(columnFamily, nil)
        let options = rocksdb_compactoptions_create()
        defer { rocksdb_compactoptions_destroy(options) }
        // Automatic compactions of other column families go on meanwhile.
        rocksdb_compactoptions_set_exclusive_manual_compaction(options, 0)
        if rewriteBottommost {
            rocksdb_compactoptions_set_bottommost_level_compaction(options, Self.forceBottommostCompaction)
        }
        (start ?? []).withBytes { first in
            (end ?? []).withBytes { last in
                rocksdb_compact_range_cf_opt(
                    database.pointer, columnFamily.handle, options, start == nil ? nil : first.chars, first.count,
                    end == nil ? nil : last.chars, last.count)
            }
        }
    }

    /// `BottommostLevelCompaction::kForce` of RocksDB's C++ API, which the C API takes as a number without a name.
    private static let forceBottommostCompaction: UInt8 = 2

    /// Makes a directory (which must not exist yet) that is this database as it is now, by hard links where it is on the same file system.
    ///
    /// - Parameter logSizeForFlush: memtables are flushed first if the write-ahead logs together have at least this many bytes, and the logs
    ///   are copied otherwise; 0 always flushes, `UInt64.max` never.
    package func checkpoint(to path: String, logSizeForFlush: UInt64) throws(RocksDBError) {
        let checkpoint = try RocksDBError.check { rocksdb_checkpoint_object_create(database.pointer, $0) }
        defer { rocksdb_checkpoint_object_destroy(checkpoint) }
        try RocksDBError.check { rocksdb_checkpoint_create(checkpoint, path, logSizeForFlush, $0) }
    }
}
