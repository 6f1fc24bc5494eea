import RocksDB

/// The positions and short IDs that a writer gives out.
///
/// Both come from blocks that are on the disk before the first of a block is used, so none is given out again after a crash that
/// took back the commit that had it. Each start begins above the last block, and with positions above the time of day too, so
/// that not even a copy of the directory repeats them.
///
/// `@unchecked Sendable`: made by whoever opens the instance, and then touched by the database's writer alone.
final class WriterCounters: @unchecked Sendable {
    private static let blockSize = 1 << 16
    /// 2025-01-01T00:00:00Z in milliseconds since 1970.
    private static let epochMilliseconds: Int64 = 1_735_689_600_000
    private static let positionsPerMillisecond: Int64 = 64

    /// The last position that was given out.
    private(set) var position: Position
    /// The last short ID that was given out.
    private(set) var shortID: UInt64
    private var positionReserved: Position
    private var shortIDReserved: UInt64

    /// Begins above what the instance says is reserved.
    init(_ opened: OpenInstance, now: Int64) throws {
        let byTime = (now - Self.epochMilliseconds) * Self.positionsPerMillisecond
        positionReserved = try Self.lastReserved(in: opened)
        position = Position(max(positionReserved.value, byTime))
        shortIDReserved = try Self.stored(GlobalKey.shortIDReserved, in: opened)
        shortID = shortIDReserved
        try reserve(in: opened)
    }

    /// The last position that is reserved: what is in the instance has none after it, and what comes later has none before.
    static func lastReserved(in opened: OpenInstance) throws -> Position {
        Position(Int64(bitPattern: try stored(GlobalKey.positionReserved, in: opened)))
    }

    private static func stored(_ key: String, in opened: OpenInstance) throws -> UInt64 {
        let bytes = try opened.instance.get(key.encoded, in: opened.families[CommonMaps.global.map], snapshot: nil)
        return try bytes.map { try UInt64(encoded: $0) } ?? 0
    }

    /// Makes sure that the next commit, however large, finds its positions and short IDs reserved on the disk.
    func reserve(in opened: OpenInstance) throws(RocksDBError) {
        let hasPositions = position.value + Int64(Commit.writesMax) <= positionReserved.value
        let hasShortIDs = shortID + UInt64(Commit.writesMax) <= shortIDReserved
        guard !hasPositions || !hasShortIDs else { return }
        let positionEnd = Position(position.value + Int64(Self.blockSize))
        let shortIDEnd = shortID + UInt64(Self.blockSize)
        let global = opened.families[CommonMaps.global.map]
        let batch = WriteBatch()
        batch.put(GlobalKey.positionReserved.encoded, positionEnd.encoded, in: global)
        batch.put(GlobalKey.shortIDReserved.encoded, shortIDEnd.encoded, in: global)
        try opened.instance.write(batch, sync: true)
        positionReserved = positionEnd
        shortIDReserved = shortIDEnd
    }

    /// Takes over what a commit has given out.
    func advance(to position: Position, shortID: UInt64) {
        self.position = position
        self.shortID = shortID
    }
}
