/// An instance's approximate use of memory, in bytes.
package struct MemoryUse: Sendable, Hashable {
    /// All memtables, those included that are flushed but still read.
    package let memtables: UInt64
    /// Memtables that are not flushed yet.
    package let unflushedMemtables: UInt64
    /// Index and filter blocks that are not kept in a block cache.
    package let tableReaders: UInt64
    /// The block caches given to the instance's column families, whole: what is shared with other instances counts for each of them.
    package let blockCaches: UInt64
}
