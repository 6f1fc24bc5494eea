import CRocksDBCreation
import Synchronization

/// How many blocks (of data, indexes and filters) reads of a column family have needed since its instance was opened. What compactions and
/// flushes read is not counted, nor what was still in memtables.
package struct BlockCounts: Sendable, Hashable {
    /// Those that were in the block cache.
    package let hits: UInt64
    /// Those that were read from files.
    package let reads: UInt64

    package init(hits: UInt64, reads: UInt64) {
        self.hits = hits
        self.reads = reads
    }
}

/// Counts the blocks of one column family. RocksDB counts them for each thread, all column families together; what a thread's counts have
/// grown by during a read is the read's.
final class BlockCounter: Sendable {
    private let hits = Atomic<UInt64>(0)
    private let reads = Atomic<UInt64>(0)

    var counts: BlockCounts {
        BlockCounts(hits: hits.load(ordering: .relaxed), reads: reads.load(ordering: .relaxed))
    }

    /// Counts what `body` needs; it runs on one thread.
    @inline(__always)
    func counting<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        // What the thread did before was no read: it opened a database, say.
        _ = rocksdb_block_counts_take()
        defer {
            let taken = rocksdb_block_counts_take()
            if taken.hits > 0 { hits.add(taken.hits, ordering: .relaxed) }
            if taken.reads > 0 { reads.add(taken.reads, ordering: .relaxed) }
        }
        return try body()
    }
}
