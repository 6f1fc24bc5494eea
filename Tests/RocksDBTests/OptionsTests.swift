import FoundationEssentials
import RocksDB
import TestSupport
import Testing

/// What RocksDB has made of the options, read from the OPTIONS file that it writes itself.
@Suite struct OptionsTests {
    @Test func instanceOptionsReachRocksDB() throws {
        let directory = try TemporaryDirectory()
        var options = InstanceOptions.creating
        options.maxOpenFiles = 123
        options.dbWriteBufferSizeBytes = 3 << 20
        options.maxTotalWALSizeBytes = 24 << 20
        options.keepLogFileNum = 4
        options.maxBackgroundJobs = 3
        options.bytesPerSync = 1 << 20
        options.walRecoveryMode = .absoluteConsistency
        options.paranoidChecks = false
        options.avoidFlushDuringShutdown = true
        options.extra = ["wal_bytes_per_sync": "4096", "max_background_jobs": "5"]
        _ = try Instance.open(at: directory.path, options: options, columnFamilies: [])
        try expect(
            [
                "max_open_files": "123", "db_write_buffer_size": "3145728", "max_total_wal_size": "25165824", "keep_log_file_num": "4",
                "max_background_jobs": "5", "bytes_per_sync": "1048576", "wal_bytes_per_sync": "4096",
                "wal_recovery_mode": "kAbsoluteConsistency", "paranoid_checks": "false", "avoid_flush_during_shutdown": "true",
                "info_log_level": "FATAL_LEVEL", "stats_dump_period_sec": "0", "stats_persist_period_sec": "0",
            ], in: "DBOptions", of: directory.path)
    }

    @Test func defaultsAreMartletsOwn() throws {
        let directory = try TemporaryDirectory()
        _ = try Instance.open(at: directory.path, options: .creating, columnFamilies: [])
        try expect(
            [
                "info_log_level": "FATAL_LEVEL", "keep_log_file_num": "4", "wal_recovery_mode": "kPointInTimeRecovery",
                "stats_dump_period_sec": "0", "stats_persist_period_sec": "0", "paranoid_checks": "true",
                "avoid_flush_during_shutdown": "false", "max_open_files": "-1",
            ], in: "DBOptions", of: directory.path)
        try expect(
            ["compression": "kZSTD", "compaction_style": "kCompactionStyleLevel", "prefix_extractor": "nullptr"],
            in: "CFOptions \"default\"", of: directory.path)
    }

    @Test func levelCompactionOptionsReachRocksDB() throws {
        let directory = try TemporaryDirectory()
        var options = ColumnFamilyOptions()
        options.compression = .init(.zstd, level: -3)
        options.bottommostCompression = .init(.zstd, level: 2, maxDictionaryBytes: 16384, zstdTrainingBytes: 1_638_400)
        options.uncompressedLevels = 2
        options.writeBufferSizeBytes = 32 << 20
        options.arenaBlockSizeBytes = 64 << 10
        options.memtableBloomRatio = 0.05
        options.targetFileSizeBytes = 2 << 20
        options.targetFileSizeMultiplier = 2
        options.levelBaseSizeBytes = 32 << 20
        options.levelSizeMultiplier = 1
        options.levelSizeMultipliers = [1, 1, 1, 3, 7, 15, 31]
        options.dynamicLevelBytes = true
        options.level0FileTrigger = 2
        options.compactionPriority = .oldestSmallestSeqFirst
        options.ttlSeconds = 1_814_400
        options.optimizeFiltersForHits = true
        options.prefixLength = 8
        options.extra = ["max_write_buffer_number": "3", "compression_opts": "{level=-5;}"]
        try open(options, at: directory.path)
        try expect(
            [
                "bottommost_compression": "kZSTD",
                "compression_per_level":
                    "kNoCompression:kNoCompression:kZSTD:kZSTD:kZSTD:kZSTD:kZSTD",
                "write_buffer_size": "33554432", "arena_block_size": "65536", "memtable_prefix_bloom_size_ratio": "0.050000",
                "memtable_whole_key_filtering": "true", "target_file_size_base": "2097152", "target_file_size_multiplier": "2",
                "max_bytes_for_level_base": "33554432", "max_bytes_for_level_multiplier": "1.000000",
                "max_bytes_for_level_multiplier_additional": "1:1:1:3:7:15:31", "level_compaction_dynamic_level_bytes": "true",
                "level0_file_num_compaction_trigger": "2", "compaction_pri": "kOldestSmallestSeqFirst", "ttl": "1814400",
                "optimize_filters_for_hits": "true", "prefix_extractor": "rocksdb.FixedPrefix.8", "max_write_buffer_number": "3",
            ], in: Self.family, of: directory.path)
        try expectPart("level=-5;", of: "compression_opts", at: directory.path)
        try expectPart("level=2;", of: "bottommost_compression_opts", at: directory.path)
        try expectPart("enabled=true;", of: "bottommost_compression_opts", at: directory.path)
        try expectPart("max_dict_bytes=16384;", of: "bottommost_compression_opts", at: directory.path)
        try expectPart("zstd_max_train_bytes=1638400;", of: "bottommost_compression_opts", at: directory.path)
    }

    @Test func universalCompactionOptionsReachRocksDB() throws {
        let directory = try TemporaryDirectory()
        var options = ColumnFamilyOptions()
        var universal = ColumnFamilyOptions.Universal()
        universal.minMergeWidth = 3
        universal.maxMergeWidth = 16
        universal.stopStyle = .similarSize
        universal.sizeRatioPercent = 5
        universal.maxSizeAmplificationPercent = 150
        options.compactionStyle = .universal(universal)
        options.compression = .init(.lz4)
        options.levels = 5
        try open(options, at: directory.path)
        try expect(
            ["compaction_style": "kCompactionStyleUniversal", "compression": "kLZ4Compression", "num_levels": "5"],
            in: Self.family, of: directory.path)
        for part in [
            "min_merge_width=3;", "max_merge_width=16;", "stop_style=kCompactionStopStyleSimilarSize;", "size_ratio=5;",
            "max_size_amplification_percent=150;",
        ] {
            try expectPart(part, of: "compaction_options_universal", at: directory.path)
        }
    }

    @Test func fifoCompactionOptionsReachRocksDB() throws {
        let directory = try TemporaryDirectory()
        var options = ColumnFamilyOptions()
        options.compactionStyle = .fifo(sizeLimitBytes: 64 << 20)
        options.ttlSeconds = 1_209_600
        try open(options, at: directory.path)
        try expect(["compaction_style": "kCompactionStyleFIFO", "ttl": "1209600"], in: Self.family, of: directory.path)
        try expectPart("max_table_files_size=67108864;", of: "compaction_options_fifo", at: directory.path)
    }

    @Test func tableOptionsReachRocksDB() throws {
        let directory = try TemporaryDirectory()
        var options = ColumnFamilyOptions()
        options.blockSizeBytes = 512
        options.metadataBlockSizeBytes = 8192
        options.partitionedIndexAndFilters = true
        options.cacheIndexAndFilterBlocks = true
        options.pinLevel0IndexAndFilterBlocks = true
        options.filter = .bloom(bitsPerKey: 10)
        try open(options, at: directory.path)
        try expect(
            [
                "block_size": "512", "metadata_block_size": "8192", "index_type": "kTwoLevelIndexSearch", "partition_filters": "true",
                "cache_index_and_filter_blocks": "true", "pin_l0_filter_and_index_blocks_in_cache": "true",
                "filter_policy": "bloomfilter:10:false",
            ], in: Self.table, of: directory.path)
    }

    @Test(
        arguments: [
            ColumnFamilyOptions.Filter.bloom(bitsPerKey: 10), .ribbon(bloomEquivalentBitsPerKey: 10),
        ], [false, true])
    func filtersSpareReads(filter: ColumnFamilyOptions.Filter, partitioned: Bool) throws {
        let directory = try TemporaryDirectory()
        var instanceOptions = InstanceOptions.creating
        instanceOptions.statistics = true
        var options = ColumnFamilyOptions()
        options.filter = filter
        options.partitionedIndexAndFilters = partitioned
        let families = [(name: "events", options: options), (name: "rooms", options: ColumnFamilyOptions())]
        for opening in 0..<2 {
            let test = try TestInstance(directory.path, options: instanceOptions, families: families)
            if opening == 0 {
                try test.put(Dictionary(uniqueKeysWithValues: (0..<1000).map { ("key \($0 * 2)", "value") }))
                try test.instance.flush(test.events)
            }
            for index in 0..<1000 {
                #expect(try test.get("key \(index)") == (index % 2 == 0 ? "value" : nil))
            }
            #expect(try test.counter("rocksdb.bloom.filter.useful") > 450)
        }
    }

    @Test(arguments: [
        (ColumnFamilyOptions.Filter.none, "nullptr"), (.bloom(bitsPerKey: 9.5), "bloomfilter:9.5:false"),
        (.ribbon(bloomEquivalentBitsPerKey: 15), "ribbonfilter:15:0"),
    ])
    func filterReachesRocksDB(filter: ColumnFamilyOptions.Filter, name: String) throws {
        let directory = try TemporaryDirectory()
        var options = ColumnFamilyOptions()
        options.filter = filter
        try open(options, at: directory.path)
        try expect(["filter_policy": name], in: Self.table, of: directory.path)
    }

    private static let family = "CFOptions \"events\""
    private static let table = "TableOptions/BlockBasedTable \"events\""

    private func open(_ options: ColumnFamilyOptions, at path: String) throws {
        _ = try Instance.open(at: path, options: .creating, columnFamilies: [("events", options)])
    }

    private func expect(
        _ expected: [String: String], in section: String, of path: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let options = try optionsFile(of: path, section: section)
        for (name, value) in expected {
            #expect(options[name] == value, "\(name)", sourceLocation: sourceLocation)
        }
    }

    /// Expects a member of an option that is itself a list of options.
    private func expectPart(_ part: String, of option: String, at path: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let value = try #require(try optionsFile(of: path, section: Self.family)[option])
        #expect(value.contains(part), "\(value)", sourceLocation: sourceLocation)
    }

    /// The options of one section of the newest OPTIONS file.
    private func optionsFile(of path: String, section: String) throws -> [String: String] {
        let files = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasPrefix("OPTIONS-") }
        let file = try #require(files.max())
        let content = String(decoding: try Data(contentsOf: URL(filePath: "\(path)/\(file)")), as: UTF8.self)
        var current: Substring = ""
        var options: [String: String] = [:]
        for line in content.split(separator: "\n") {
            let line = line.drop { $0 == " " }
            if line.first == "[" {
                current = line.dropFirst().dropLast()
            } else if current == section, let equals = line.firstIndex(of: "=") {
                options[String(line[..<equals])] = String(line[line.index(after: equals)...])
            }
        }
        #expect(!options.isEmpty, "section \(section)")
        return options
    }
}
