import CRocksDB

extension Instance {
    /// The value of `key`, on the snapshot or, without one, now; nil where there is none.
    package func get(_ key: [UInt8], in columnFamily: ColumnFamily, snapshot: Snapshot?) throws(RocksDBError) -> [UInt8]? {
        try key.withBytes { (key) throws(RocksDBError) in try get(key, in: columnFamily, snapshot: snapshot) }
    }

    /// The value of `key`, on the snapshot or, without one, now; nil where there is none.
    package func get(
        _ key: UnsafeRawBufferPointer, in columnFamily: ColumnFamily, snapshot: Snapshot?
    ) throws(RocksDBError) -> [UInt8]? {
        guard let pinned = try pin(key, in: columnFamily, snapshot: snapshot) else { return nil }
        defer { rocksdb_pinnableslice_destroy(pinned) }
        return Array(Self.bytes(of: pinned))
    }

    /// Whether there is a value of `key`, on the snapshot or, without one, now.
    package func contains(_ key: [UInt8], in columnFamily: ColumnFamily, snapshot: Snapshot?) throws(RocksDBError) -> Bool {
        let pinned = try key.withBytes { (key) throws(RocksDBError) in try pin(key, in: columnFamily, snapshot: snapshot) }
        rocksdb_pinnableslice_destroy(pinned)
        return pinned != nil
    }

    /// The values of many keys of one column family, at their keys' places; all on the snapshot or, without one, all of one moment.
    ///
    /// - Parameter sorted: promises that the keys ascend by their bytes, and spares RocksDB the sorting.
    package func multiGet(
        _ keys: [[UInt8]], in columnFamily: ColumnFamily, snapshot: Snapshot?, sorted: Bool
    ) throws(RocksDBError) -> [[UInt8]?] {
        requireOwn(columnFamily, snapshot)
        guard !keys.isEmpty else { return [] }
        // A RocksDB that is built with assertions, as Debian's is, aborts on a broken promise without a word about its cause.
        assert(!sorted || zip(keys, keys.dropFirst()).allSatisfy { !$1.lexicographicallyPrecedes($0) }, "the keys do not ascend")

        let sizes = keys.map(\.count)
        let text = Array(keys.joined())
        var values = [OpaquePointer?](repeating: nil, count: keys.count)
        var errors = [UnsafeMutablePointer<CChar>?](repeating: nil, count: keys.count)
        text.withBytes { text in
            var starts: [UnsafePointer<CChar>?] = []
            starts.reserveCapacity(keys.count)
            var start = text.chars
            for size in sizes {
                starts.append(start)
                start += size
            }
            columnFamily.blockCounter.counting {
                rocksdb_batched_multi_get_cf(
                    database.pointer, snapshot?.readOptions ?? database.readOptions, columnFamily.handle, keys.count, starts, sizes,
                    &values,
                    &errors, sorted)
            }
        }
        defer { for value in values { rocksdb_pinnableslice_destroy(value) } }

        var failure: RocksDBError?
        for case let error? in errors { failure = RocksDBError(taking: error) }
        if let failure { throw failure }
        return values.map { pinned in pinned.map { Array(Self.bytes(of: $0)) } }
    }

    /// Looks `key` up without copying the value; what it returns is to be destroyed.
    private func pin(
        _ key: UnsafeRawBufferPointer, in columnFamily: ColumnFamily, snapshot: Snapshot?
    ) throws(RocksDBError) -> OpaquePointer? {
        requireOwn(columnFamily, snapshot)
        return try columnFamily.blockCounter.counting { () throws(RocksDBError) in
            try RocksDBError.check { error in
                rocksdb_get_pinned_cf(
                    database.pointer, snapshot?.readOptions ?? database.readOptions, columnFamily.handle, key.chars, key.count, error)
            }
        }
    }

    private static func bytes(of pinned: OpaquePointer) -> UnsafeRawBufferPointer {
        var count = 0
        let start = rocksdb_pinnableslice_value(pinned, &count)
        return UnsafeRawBufferPointer(start: start, count: count)
    }
}
