import RocksDB

/// A walk through a range of one column family.
final class InstanceCursor: RawCursor {
    private let iterator: RocksIterator
    private let direction: Direction
    private var hasBegun = false

    init(instance: Instance, family: ColumnFamily, snapshot: RocksDB.Snapshot?, range: KeyRange, direction: Direction) {
        iterator = instance.makeIterator(in: family, snapshot: snapshot, lowerBound: range.lower, upperBound: range.upper)
        self.direction = direction
    }

    func next() throws -> (key: [UInt8], value: [UInt8])? {
        switch (direction, hasBegun) {
        case (.forward, false): iterator.seekToFirst()
        case (.forward, true): iterator.next()
        case (.backward, false): iterator.seekToLast()
        case (.backward, true): iterator.previous()
        }
        hasBegun = true
        guard iterator.isValid else {
            do { try iterator.checkStatus() } catch { throw StoreError.rocksDB(error) }
            return nil
        }
        return (iterator.key, iterator.value)
    }
}
