import CRocksDB

/// A cache of uncompressed blocks with least-recently-used eviction, to be shared by any number of column families and instances.
///
/// RocksDB counts the references that open instances hold on the cache, so it outlives this object as long as one of them needs it.
// Invariant of @unchecked Sendable: the pointer never changes, and RocksDB's cache is safe for use from several threads.
package final class BlockCache: @unchecked Sendable {
    let pointer: OpaquePointer

    /// - Parameters:
    ///   - capacityBytes: how much the cache holds. Blocks that readers have pinned may exceed it.
    ///   - shardBits: the cache is split into 2 to the power of `shardBits` shards, each with its own lock; nil lets RocksDB choose by the capacity.
    package init(capacityBytes: Int, shardBits: Int? = nil) {
        let options = rocksdb_lru_cache_options_create()
        defer { rocksdb_lru_cache_options_destroy(options) }
        rocksdb_lru_cache_options_set_capacity(options, capacityBytes)
        rocksdb_lru_cache_options_set_num_shard_bits(options, Int32(shardBits ?? -1))
        pointer = created(rocksdb_cache_create_lru_opts(options))
    }

    deinit {
        rocksdb_cache_destroy(pointer)
    }

    /// How much the cache may hold; setting it lower evicts at once.
    package var capacityBytes: Int {
        get { rocksdb_cache_get_capacity(pointer) }
        set { rocksdb_cache_set_capacity(pointer, newValue) }
    }

    /// What the cache holds now.
    package var usageBytes: Int { rocksdb_cache_get_usage(pointer) }
}
