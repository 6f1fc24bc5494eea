import CRocksDB
import CRocksDBCreation

/// One options object of the C API (instance and column family options are the same C type).
///
/// RocksDB copies what it needs from it at open. The instance's is kept for the statistics and the first failure, which belong to it.
final class OptionsHandle {
    private(set) var pointer: OpaquePointer
    /// What an instance with these options remembers of its first failure.
    private var failure: OpaquePointer?

    init() {
        pointer = created(rocksdb_options_create())
    }

    deinit {
        rocksdb_options_destroy(pointer)
        if let failure { rocksdb_failure_free(failure) }
    }

    /// Has the instance stop at its first failure and remember it.
    func makeFailureFinal() {
        failure = rocksdb_failure_is_final(pointer)
    }

    /// The first failure's message, once there is one.
    var failureMessage: String? {
        failure.flatMap { rocksdb_failure_message($0) }.map { String(cString: $0) }
    }

    /// Sets options by RocksDB's names, for which the C API may have no setter.
    func set(_ values: [String: String]) throws(RocksDBError) {
        guard !values.isEmpty else { return }
        let text = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value);" }.joined()
        let changed = created(rocksdb_options_create())
        do {
            try RocksDBError.check { rocksdb_get_options_from_string(pointer, text, changed, $0) }
        } catch {
            rocksdb_options_destroy(changed)
            throw error
        }
        rocksdb_options_destroy(pointer)
        pointer = changed
    }
}

extension InstanceOptions {
    /// The level of the info log (file `LOG` of the directory). A RocksDB that is built with assertions, as Debian's is, aborts when it cannot write
    /// its info log.
    private static let fatalLogLevel: Int32 = 4

    /// The same as an options object of the C API.
    func makeHandle() throws(RocksDBError) -> OptionsHandle {
        let handle = OptionsHandle()
        let options = handle.pointer
        rocksdb_options_set_create_if_missing(options, createIfMissing ? 1 : 0)
        rocksdb_options_set_create_missing_column_families(options, createMissingColumnFamilies ? 1 : 0)
        rocksdb_options_set_error_if_exists(options, errorIfExists ? 1 : 0)
        rocksdb_options_set_max_open_files(options, Int32(maxOpenFiles))
        rocksdb_options_set_db_write_buffer_size(options, dbWriteBufferSizeBytes)
        rocksdb_options_set_max_total_wal_size(options, maxTotalWALSizeBytes)
        rocksdb_options_set_keep_log_file_num(options, keepLogFileNum)
        rocksdb_options_set_info_log_level(options, Self.fatalLogLevel)
        rocksdb_options_set_max_background_jobs(options, Int32(maxBackgroundJobs))
        rocksdb_options_set_bytes_per_sync(options, bytesPerSync)
        rocksdb_options_set_wal_recovery_mode(options, walRecoveryMode.rawValue)
        rocksdb_options_set_stats_dump_period_sec(options, statsDumpPeriodSeconds)
        rocksdb_options_set_stats_persist_period_sec(options, statsDumpPeriodSeconds)
        rocksdb_options_set_paranoid_checks(options, paranoidChecks ? 1 : 0)
        if statistics { rocksdb_options_enable_statistics(options) }
        handle.makeFailureFinal()

        let withoutSetter = ["avoid_flush_during_shutdown": String(avoidFlushDuringShutdown)]
        try handle.set(withoutSetter.merging(extra) { _, extra in extra })
        return handle
    }
}

extension ColumnFamilyOptions {
    /// The same as an options object of the C API.
    func makeHandle() throws(RocksDBError) -> OptionsHandle {
        let handle = OptionsHandle()
        let options = handle.pointer
        setCompression(options)
        setSizes(options)
        setCompaction(options)
        setTable(options)
        if let prefixLength {
            // The options own the extractor from here on.
            rocksdb_options_set_prefix_extractor(options, rocksdb_slicetransform_create_fixed_prefix(prefixLength))
        }

        // The C API's setter takes filters too, but wraps them so that RocksDB can no longer write their figures to its OPTIONS file.
        if let filterPolicy = filter.optionValue {
            try handle.set(["block_based_table_factory": "{filter_policy=\(filterPolicy)}"])
        }
        var withoutSetter = ["compaction_pri": compactionPriority.rawValue]
        if let ttlSeconds { withoutSetter["ttl"] = String(ttlSeconds) }
        try handle.set(withoutSetter.merging(extra) { _, extra in extra })
        return handle
    }

    private func setCompression(_ options: OpaquePointer) {
        rocksdb_options_set_compression(options, compression.algorithm.rawValue)
        rocksdb_options_set_compression_options(
            options, Compression.windowBits, compression.levelOrDefault, 0, Int32(compression.maxDictionaryBytes))
        rocksdb_options_set_compression_options_zstd_max_train_bytes(options, Int32(compression.zstdTrainingBytes))

        if uncompressedLevels > 0 {
            let algorithms = (0..<levels).map {
                $0 < uncompressedLevels ? Compression.Algorithm.none.rawValue : compression.algorithm.rawValue
            }
            rocksdb_options_set_compression_per_level(options, algorithms, algorithms.count)
        }
        if let bottommost = bottommostCompression {
            rocksdb_options_set_bottommost_compression(options, bottommost.algorithm.rawValue)
            rocksdb_options_set_bottommost_compression_options(
                options, Compression.windowBits, bottommost.levelOrDefault, 0, Int32(bottommost.maxDictionaryBytes), 1)
            rocksdb_options_set_bottommost_compression_options_zstd_max_train_bytes(options, Int32(bottommost.zstdTrainingBytes), 1)
        }
    }

    private func setSizes(_ options: OpaquePointer) {
        rocksdb_options_set_write_buffer_size(options, writeBufferSizeBytes)
        rocksdb_options_set_arena_block_size(options, arenaBlockSizeBytes)
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, memtableBloomRatio)
        rocksdb_options_set_memtable_whole_key_filtering(options, memtableBloomRatio > 0 ? 1 : 0)
        rocksdb_options_set_target_file_size_base(options, targetFileSizeBytes)
        rocksdb_options_set_target_file_size_multiplier(options, Int32(targetFileSizeMultiplier))
        rocksdb_options_set_num_levels(options, Int32(levels))
        rocksdb_options_set_max_bytes_for_level_base(options, levelBaseSizeBytes)
        rocksdb_options_set_max_bytes_for_level_multiplier(options, levelSizeMultiplier)
        if !levelSizeMultipliers.isEmpty {
            var multipliers = levelSizeMultipliers.map { Int32($0) }
            rocksdb_options_set_max_bytes_for_level_multiplier_additional(options, &multipliers, multipliers.count)
        }
        rocksdb_options_set_level_compaction_dynamic_level_bytes(options, dynamicLevelBytes ? 1 : 0)
    }

    private func setCompaction(_ options: OpaquePointer) {
        rocksdb_options_set_level0_file_num_compaction_trigger(options, Int32(level0FileTrigger))
        switch compactionStyle {
        case .level:
            rocksdb_options_set_compaction_style(options, Int32(rocksdb_level_compaction))
        case .universal(let universal):
            rocksdb_options_set_compaction_style(options, Int32(rocksdb_universal_compaction))
            let settings = rocksdb_universal_compaction_options_create()
            defer { rocksdb_universal_compaction_options_destroy(settings) }
            rocksdb_universal_compaction_options_set_min_merge_width(settings, Int32(universal.minMergeWidth))
            rocksdb_universal_compaction_options_set_max_merge_width(settings, Int32(universal.maxMergeWidth))
            rocksdb_universal_compaction_options_set_stop_style(settings, universal.stopStyle.rawValue)
            rocksdb_universal_compaction_options_set_size_ratio(settings, Int32(universal.sizeRatioPercent))
            rocksdb_universal_compaction_options_set_max_size_amplification_percent(settings, Int32(universal.maxSizeAmplificationPercent))
            rocksdb_options_set_universal_compaction_options(options, settings)
        case .fifo(let sizeLimitBytes):
            rocksdb_options_set_compaction_style(options, Int32(rocksdb_fifo_compaction))
            let settings = rocksdb_fifo_compaction_options_create()
            defer { rocksdb_fifo_compaction_options_destroy(settings) }
            rocksdb_fifo_compaction_options_set_max_table_files_size(settings, sizeLimitBytes)
            rocksdb_options_set_fifo_compaction_options(options, settings)
        }
    }

    private func setTable(_ options: OpaquePointer) {
        let table = rocksdb_block_based_options_create()
        defer { rocksdb_block_based_options_destroy(table) }
        rocksdb_block_based_options_set_block_size(table, blockSizeBytes)
        rocksdb_options_set_optimize_filters_for_hits(options, optimizeFiltersForHits ? 1 : 0)
        if partitionedIndexAndFilters {
            rocksdb_block_based_options_set_index_type(table, Int32(rocksdb_block_based_table_index_type_two_level_index_search))
            rocksdb_block_based_options_set_partition_filters(table, filter == .none ? 0 : 1)
        }
        rocksdb_block_based_options_set_metadata_block_size(table, metadataBlockSizeBytes)
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, cacheIndexAndFilterBlocks ? 1 : 0)
        rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, pinLevel0IndexAndFilterBlocks ? 1 : 0)
        if let blockCache { rocksdb_block_based_options_set_block_cache(table, blockCache.pointer) }
        rocksdb_options_set_block_based_table_factory(options, table)
    }
}

extension ColumnFamilyOptions.Filter {
    /// The filter policy in RocksDB's option-string syntax.
    fileprivate var optionValue: String? {
        switch self {
        case .none: nil
        case .bloom(let bitsPerKey): "bloomfilter:\(bitsPerKey)"
        case .ribbon(let bitsPerKey): "ribbonfilter:\(bitsPerKey)"
        }
    }
}

extension ColumnFamilyOptions.Compression {
    /// zlib's window; the C API sets it together with the level.
    fileprivate static let windowBits: Int32 = -14

    /// RocksDB's number for "the algorithm's default" is not exported by the C API.
    fileprivate var levelOrDefault: Int32 { level.map { Int32($0) } ?? 32_767 }
}
