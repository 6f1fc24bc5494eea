import RocksDB

/// How a map is read and written, which decides how its column family is tuned.
package enum AccessPattern: String, Sendable, CaseIterable {
    /// Large, updated all over its keys.
    case random = "RANDOM"
    /// Large, mostly appended to.
    case sequential = "SEQUENTIAL"
    /// Small, updated all over its keys.
    case randomSmall = "RANDOM_SMALL"
    /// Small, mostly appended to.
    case sequentialSmall = "SEQUENTIAL_SMALL"
    /// A small cache that survives a restart and forgets its oldest entries.
    case randomSmallCache = "RANDOM_SMALL_CACHE"

    /// The size of the cache that a map of the pattern RANDOM_SMALL_CACHE has for itself: what it holds is small and hot, and
    /// must not be pushed out by a walk through the events.
    private static let ownCacheBytes = 1 << 20
    private static let secondsPerDay: UInt64 = 24 * 60 * 60

    /// The options of a map's column family.
    func options(for map: MapDescriptor, blockCache: BlockCache) -> ColumnFamilyOptions {
        var options = ColumnFamilyOptions()
        options.blockCache = blockCache
        options.arenaBlockSizeBytes = 64 << 10
        options.level0FileTrigger = 2
        options.levelSizeMultiplier = 1
        options.levelSizeMultipliers = [1, 1, 1, 3, 7, 15, 31]
        options.partitionedIndexAndFilters = true
        options.cacheIndexAndFilterBlocks = true
        options.ttlSeconds = 21 * Self.secondsPerDay
        options.levelBaseSizeBytes = 8 << 20
        options.targetFileSizeBytes = 1 << 20
        switch self {
        case .random:
            options.compactionPriority = .oldestSmallestSeqFirst
            options.writeBufferSizeBytes = 32 << 20
            options.compression = .init(.zstd, level: -3)
            options.bottommostCompression = .init(.zstd, level: 2)
        case .sequential:
            options.compactionPriority = .oldestLargestSeqFirst
            options.writeBufferSizeBytes = 64 << 20
            options.levelBaseSizeBytes = 32 << 20
            options.targetFileSizeBytes = 2 << 20
            options.compression = .init(.zstd, level: -2)
            options.bottommostCompression = .init(.zstd, level: 2)
        case .randomSmall:
            options.compactionStyle = .universal(Self.universal)
            options.writeBufferSizeBytes = 16 << 20
            options.levelBaseSizeBytes = 512 << 10
            options.targetFileSizeBytes = 128 << 10
            options.blockSizeBytes = 512
            options.compression = .init(.zstd, level: -4)
            options.uncompressedLevels = 3
        case .sequentialSmall:
            options.compactionStyle = .universal(Self.universal)
            options.writeBufferSizeBytes = 16 << 20
            options.levelBaseSizeBytes = 1 << 20
            options.targetFileSizeBytes = 512 << 10
            options.compression = .init(.zstd, level: -4)
            options.uncompressedLevels = 3
        case .randomSmallCache:
            options.compactionStyle = .fifo(sizeLimitBytes: 64 << 20)
            options.writeBufferSizeBytes = 16 << 20
            options.ttlSeconds = 14 * Self.secondsPerDay
            options.blockCache = BlockCache(capacityBytes: Self.ownCacheBytes, shardBits: 0)
            options.compression = .init(.zstd, level: -4)
        }
        if map.tuning.hasFilter { options.filter = .bloom(bitsPerKey: 10) }
        if let size = map.tuning.blockSizeBytes { options.blockSizeBytes = size }
        if let level = map.tuning.bottommostLevel { options.bottommostCompression = .init(.zstd, level: level) }
        return options
    }

    private static var universal: ColumnFamilyOptions.Universal {
        var universal = ColumnFamilyOptions.Universal()
        universal.minMergeWidth = 2
        universal.maxMergeWidth = 16
        universal.stopStyle = .totalSize
        return universal
    }
}
