/// The options of one column family. Figures that are not set are RocksDB's defaults, other than the compression.
package struct ColumnFamilyOptions: Sendable {
    /// How blocks are compressed.
    package struct Compression: Sendable, Hashable {
        package enum Algorithm: Int32, Sendable {
            case none = 0
            case lz4 = 4
            case zstd = 7
        }

        package var algorithm: Algorithm
        /// The algorithm's own scale; negative levels of zstd are the fast ones. nil is the algorithm's default.
        package var level: Int?
        /// The size of a dictionary that each table file's blocks share; 0 for none.
        package var maxDictionaryBytes: Int
        /// The size of the samples from which zstd trains that dictionary; 0 takes the samples themselves as the dictionary.
        package var zstdTrainingBytes: Int

        package init(_ algorithm: Algorithm, level: Int? = nil, maxDictionaryBytes: Int = 0, zstdTrainingBytes: Int = 0) {
            self.algorithm = algorithm
            self.level = level
            self.maxDictionaryBytes = maxDictionaryBytes
            self.zstdTrainingBytes = zstdTrainingBytes
        }
    }

    /// What spares point lookups the reading of tables that do not hold the key.
    package enum Filter: Sendable, Hashable {
        case none
        case bloom(bitsPerKey: Double)
        /// As few false positives as a bloom filter of so many bits, in about 30 % less space, for more processor time.
        case ribbon(bloomEquivalentBitsPerKey: Double)
    }

    package enum CompactionStyle: Sendable, Hashable {
        case level
        case universal(Universal)
        /// Drops the oldest tables when all together exceed the size limit, and those older than `ttlSeconds`
        /// (which needs `InstanceOptions.maxOpenFiles` to be -1).
        case fifo(sizeLimitBytes: UInt64)
    }

    /// Universal compaction: sorted runs of similar size are merged.
    package struct Universal: Sendable, Hashable {
        /// Which size the next run is compared with: that of the run picked last, or that of all picked runs together.
        package enum StopStyle: Int32, Sendable {
            case similarSize, totalSize
        }

        package var minMergeWidth = 2
        package var maxMergeWidth = Int(Int32.max)
        package var stopStyle = StopStyle.totalSize
        package var sizeRatioPercent = 1
        package var maxSizeAmplificationPercent = 200

        package init() {}
    }

    /// Which file of a level is compacted first.
    package enum CompactionPriority: String, Sendable {
        case oldestLargestSeqFirst = "kOldestLargestSeqFirst"
        case oldestSmallestSeqFirst = "kOldestSmallestSeqFirst"
        case minOverlappingRatio = "kMinOverlappingRatio"
    }

    package var compression = Compression(.zstd)
    /// The compression of the bottommost level where it differs.
    package var bottommostCompression: Compression?
    /// So many levels, from level 0 on, are not compressed.
    package var uncompressedLevels = 0

    /// A memtable is flushed when it has this size.
    package var writeBufferSizeBytes = 64 << 20
    /// Memory for memtables is taken in pieces of this size; 0 lets RocksDB choose by the size of the write buffer.
    package var arenaBlockSizeBytes = 0
    /// The size of the memtable's bloom filter of whole keys (and prefixes), as a part of the write buffer; 0 for none.
    package var memtableBloomRatio = 0.0

    package var targetFileSizeBytes: UInt64 = 64 << 20
    package var targetFileSizeMultiplier = 1
    package var levelBaseSizeBytes: UInt64 = 256 << 20
    package var levelSizeMultiplier = 10.0
    /// A further multiplier for each level, from level 0 on; levels beyond the array have 1.
    package var levelSizeMultipliers: [Int] = []
    /// Level sizes follow from the size of the last level instead of the first.
    package var dynamicLevelBytes = false
    package var levels = 7
    /// So many files in level 0 start a compaction.
    package var level0FileTrigger = 4

    package var compactionStyle = CompactionStyle.level
    package var compactionPriority = CompactionPriority.minOverlappingRatio
    /// A file that is older is compacted (level, universal) or dropped (fifo); 0 for never, nil for RocksDB's default for the style.
    package var ttlSeconds: UInt64?

    /// The size of a data block before compression.
    package var blockSizeBytes = 4 << 10
    package var filter = Filter.none
    /// Leaves the filter out of the last level: for lookups that mostly find their key.
    package var optimizeFiltersForHits = false
    /// Index and filters are themselves blocks under a top-level index, and only the parts that are needed are read.
    package var partitionedIndexAndFilters = false
    /// The size of such a part.
    package var metadataBlockSizeBytes: UInt64 = 4 << 10
    /// Index and filter blocks live in the block cache and are counted there, instead of beside it for as long as the file is open.
    package var cacheIndexAndFilterBlocks = false
    /// Keeps index and filters of level 0 in the cache.
    package var pinLevel0IndexAndFilterBlocks = false
    /// Shared with whoever else has been given it; nil gives the column family one of its own, of RocksDB's default 8 MB.
    package var blockCache: BlockCache?

    /// The first so many bytes of a key are its prefix, by which filters are kept too; nil for none.
    package var prefixLength: Int?

    /// Further options by RocksDB's names and in its option-string syntax: a value that itself contains `;` stands in braces.
    /// They win over the properties above. A name that RocksDB does not know makes opening fail.
    package var extra: [String: String] = [:]

    package init() {}
}
