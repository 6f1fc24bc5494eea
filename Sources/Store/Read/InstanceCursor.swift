import RocksDB

/// A walk through a range of one map.
final class InstanceCursor: RawCursor {
    private let iterator: RocksIterator
    private let direction: Direction
    private var hasBegun = false
    /// Keeps the instance from being exchanged. It stands last because properties are let go in their order: when the iterator is gone.
    private let opened: OpenInstance

    /// - Parameter fillsCache: whether what is read takes room in the block cache from what others need.
    init(
        _ opened: OpenInstance, _ map: MapDescriptor, snapshot: RocksDB.Snapshot?, range: KeyRange, direction: Direction,
        fillsCache: Bool = true
    ) {
        iterator = opened.instance.makeIterator(
            in: opened.families[map], snapshot: snapshot, lowerBound: range.lower, upperBound: range.upper, fillCache: fillsCache)
        self.direction = direction
        self.opened = opened
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
