import CRocksDB

/// A cursor over one column family's keys in the order of their bytes, in both directions, within its bounds.
///
/// It reads the state at its snapshot or, without one, at its making. It stands nowhere until it is sought. For one thread at a time.
/// It keeps the instance's database open.
package final class RocksIterator {
    private let pointer: OpaquePointer
    private let readOptions: OpaquePointer
    /// RocksDB keeps pointers to the bounds' bytes for as long as the iterator lives.
    private let bounds: [UnsafeMutableRawBufferPointer]
    private let database: OpenDatabase
    private let blockCounter: BlockCounter
    private let snapshot: Snapshot?

    init(
        columnFamily: ColumnFamily, snapshot: Snapshot?, lowerBound: [UInt8]?, upperBound: [UInt8]?, fillCache: Bool
    ) {
        database = columnFamily.database
        self.snapshot = snapshot
        blockCounter = columnFamily.blockCounter
        readOptions = created(rocksdb_readoptions_create())
        if let snapshot { rocksdb_readoptions_set_snapshot(readOptions, snapshot.pointer) }
        rocksdb_readoptions_set_fill_cache(readOptions, fillCache ? 1 : 0)
        // Otherwise a column family with a prefix extractor would show only keys of the prefix that was sought.
        rocksdb_readoptions_set_total_order_seek(readOptions, 1)

        var bounds: [UnsafeMutableRawBufferPointer] = []
        if let lowerBound {
            let copy = Self.allocateCopy(of: lowerBound)
            rocksdb_readoptions_set_iterate_lower_bound(readOptions, UnsafeRawBufferPointer(copy).chars, copy.count)
            bounds.append(copy)
        }
        if let upperBound {
            let copy = Self.allocateCopy(of: upperBound)
            rocksdb_readoptions_set_iterate_upper_bound(readOptions, UnsafeRawBufferPointer(copy).chars, copy.count)
            bounds.append(copy)
        }
        self.bounds = bounds
        pointer = created(rocksdb_create_iterator_cf(database.pointer, readOptions, columnFamily.handle))
    }

    deinit {
        rocksdb_iter_destroy(pointer)
        rocksdb_readoptions_destroy(readOptions)
        for bound in bounds { bound.deallocate() }
    }

    private static func allocateCopy(of bytes: [UInt8]) -> UnsafeMutableRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        copy.copyBytes(from: bytes)
        return copy
    }

    /// Whether the iterator stands on an entry. Where it does not, `checkStatus` tells the end of the range from a failure.
    package var isValid: Bool { rocksdb_iter_valid(pointer) != 0 }

    /// Throws what has stopped the iterator, other than the end of its range.
    package func checkStatus() throws(RocksDBError) {
        try RocksDBError.check { rocksdb_iter_get_error(pointer, $0) }
    }

    /// Goes to the first key.
    package func seekToFirst() { blockCounter.counting { rocksdb_iter_seek_to_first(pointer) } }

    /// Goes to the last key.
    package func seekToLast() { blockCounter.counting { rocksdb_iter_seek_to_last(pointer) } }

    /// Goes to the first key that is not below `key`.
    package func seek(to key: [UInt8]) {
        key.withBytes { key in blockCounter.counting { rocksdb_iter_seek(pointer, key.chars, key.count) } }
    }

    /// Goes to the last key that is not above `key`.
    package func seekForPrev(_ key: [UInt8]) {
        key.withBytes { key in blockCounter.counting { rocksdb_iter_seek_for_prev(pointer, key.chars, key.count) } }
    }

    /// Goes to the next key. An iterator that is not valid stays so.
    package func next() {
        if isValid { blockCounter.counting { rocksdb_iter_next(pointer) } }
    }

    /// Goes to the key before. An iterator that is not valid stays so.
    package func previous() {
        if isValid { blockCounter.counting { rocksdb_iter_prev(pointer) } }
    }

    /// A copy of the key; the iterator must be valid.
    package var key: [UInt8] { withKey { Array($0) } }

    /// A copy of the value; the iterator must be valid.
    package var value: [UInt8] { withValue { Array($0) } }

    /// Gives the key to `body` without copying it; it is not to be kept. The iterator must be valid.
    package func withKey<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try with(rocksdb_iter_key, body)
    }

    /// Gives the value to `body` without copying it; it is not to be kept. The iterator must be valid.
    package func withValue<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try with(rocksdb_iter_value, body)
    }

    @inline(__always)
    private func with<Result, Failure: Error>(
        _ part: (OpaquePointer?, UnsafeMutablePointer<Int>?) -> UnsafePointer<CChar>?,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(isValid, "the iterator stands on no entry")
        defer { withExtendedLifetime(self) {} }
        var count = 0
        let start = part(pointer, &count)
        return try body(UnsafeRawBufferPointer(start: start, count: count))
    }
}
