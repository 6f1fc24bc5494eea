import RocksDB

/// The positions and short IDs that a writer gives out.
///
/// Positions come from blocks that are on the disk before the first of a block is used, and each start begins above both the
/// last block and the time of day, so a position is never given out twice, not even by a copy of the directory.
///
/// `@unchecked Sendable`: made by whoever opens the database, and then touched by its writer alone.
final class WriterCounters: @unchecked Sendable {
    private static let blockSize: Int64 = 1 << 16
    /// 2025-01-01T00:00:00Z in milliseconds since 1970.
    private static let epochMilliseconds: Int64 = 1_735_689_600_000
    private static let positionsPerMillisecond: Int64 = 64

    /// The last position that was given out.
    private(set) var position: Position
    private(set) var shortIDs: ShortIDCounter
    private var reserved: Position

    init(instance: Instance, global: ColumnFamily, now: Int64) throws {
        func stored(_ key: String) throws -> UInt64 {
            try instance.get(key.encoded, in: global, snapshot: nil).map { try UInt64(encoded: $0) } ?? 0
        }
        let byTime = (now - Self.epochMilliseconds) * Self.positionsPerMillisecond
        reserved = Position(Int64(bitPattern: try stored(GlobalKey.positionReserved)))
        position = Position(max(reserved.value, byTime))
        shortIDs = ShortIDCounter(reserved: try stored(GlobalKey.shortIDReserved))
        try reserve(in: instance, global)
    }

    /// Makes sure that the next commit, however large, finds its positions reserved on the disk.
    func reserve(in instance: Instance, _ global: ColumnFamily) throws {
        guard position.value + Int64(Commit.writesMax) > reserved.value else { return }
        let end = Position(position.value + Self.blockSize)
        let batch = WriteBatch()
        batch.put(GlobalKey.positionReserved.encoded, end.encoded, in: global)
        try instance.write(batch, sync: true)
        reserved = end
    }

    /// Takes over what a commit has given out.
    func advance(to position: Position, _ shortIDs: ShortIDCounter) {
        self.position = position
        self.shortIDs = shortIDs
    }
}
