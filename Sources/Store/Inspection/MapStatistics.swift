import RocksDB

/// How large a map is, and how it is doing.
package struct MapStatistics: Sendable {
    /// The number of keys, estimated: what was written over or deleted counts until it is compacted.
    package let keys: UInt64
    /// The size of its table files.
    package let bytesOnDisk: UInt64
    /// Of the memory, what its newest writes take before they go to a table.
    package let memtableBytes: UInt64
    /// Of the memory, what its open tables take beside the block cache.
    package let tableReaderBytes: UInt64
    /// Blocks that reads have found in the block cache since the database was opened.
    package let cacheHits: UInt64
    /// Blocks that reads have had to read from files since the database was opened.
    package let cacheMisses: UInt64

    init(of map: MapDescriptor, in opened: OpenInstance) {
        let family = opened.families[map]
        func property(_ name: String) -> UInt64 { opened.instance.integerProperty(name, in: family) ?? 0 }
        keys = property("rocksdb.estimate-num-keys")
        bytesOnDisk = property("rocksdb.total-sst-files-size")
        memtableBytes = property("rocksdb.cur-size-all-mem-tables")
        tableReaderBytes = property("rocksdb.estimate-table-readers-mem")
        let blocks = family.blockCounts
        cacheHits = blocks.hits
        cacheMisses = blocks.reads
    }
}
