import AccountsDatabase
import Glibc
import Homeserver
import RocksDB
import RoomsDatabase
import Store
import TestSupport
import Testing
import TransitoryDatabase

/// Every map has the place that schema.tsv gives it, and the options of its access pattern as RocksDB itself has written them down.
@Suite struct SchemaOptionsTests {
    @Test func everyMapOfTheSeedIsInItsPlace() throws {
        let rows = try SchemaRow.readAll()
        #expect(rows.count == 88)
        for row in rows {
            let databases = row.database == "all three" ? ["rooms", "accounts", "transitory"] : [row.database]
            for schema in Databases.schemas {
                let maps = schema.maps.filter { $0.name == row.map }
                guard databases.contains(schema.name) else {
                    #expect(maps.isEmpty, "\(row.map) in \(schema.name)")
                    continue
                }
                let map = try #require(maps.first, "\(row.map) in \(schema.name)")
                #expect(maps.count == 1)
                #expect(map.directory == row.directory, "\(row.map)")
                #expect(map.pattern.rawValue == row.pattern, "\(row.map)")
            }
        }
    }

    @Test(arguments: Databases.schemas.indices)
    func theOptionsFileSaysWhatThePatternsSay(index: Int) throws {
        let schema = Databases.schemas[index]
        let options = try Self.writtenOptions(of: schema)
        #expect(options.maps == Set(schema.maps.map(\.name)).union(["default"]))

        let instance = try options.section("DBOptions")
        #expect(instance["max_open_files"] == "-1")
        #expect(instance["db_write_buffer_size"] == String(24 << 20))
        #expect(instance["max_total_wal_size"] == String(24 << 20))
        #expect(instance["keep_log_file_num"] == "4")
        #expect(instance["info_log_level"] == "FATAL_LEVEL")
        #expect(instance["stats_dump_period_sec"] == "0")
        #expect(instance["stats_persist_period_sec"] == "0")
        #expect(instance["track_and_verify_wals_in_manifest"] == "false")
        #expect(instance["wal_compression"] == "kNoCompression")

        for map in schema.maps {
            let written = try options.section("CFOptions \"\(map.name)\"")
            let table = try options.section("TableOptions/BlockBasedTable \"\(map.name)\"")
            for (name, value) in Self.figures[map.pattern, default: [:]].merging(Self.commonFigures, uniquingKeysWith: { own, _ in own }) {
                let expected = Self.exceptions[map.name]?[name] ?? value
                #expect(written[name] ?? table[name] == expected, "\(name) of \(map.name)")
            }
            let writeBuffer = try #require(written["write_buffer_size"].flatMap { Int($0) })
            #expect(writeBuffer <= Self.writeBufferMax[map.pattern, default: 0], "\(map.name)")
        }
    }

    @Test func lookupsByEventIDStateKeyAndShortIDHaveFilters() throws {
        let options = try Self.writtenOptions(of: RoomsMaps.schema)
        let lookups = ["eventid_", "softfailedeventids", "statekey_", "statehash_", "roomid_shortroomid"]
        let byShortID = ["shorteventid_", "shortstatekey_", "shortroomid_roomid", "shortroomid_statekey"]
        for map in RoomsMaps.schema.maps.map(\.name) where (lookups + byShortID).contains(where: map.hasPrefix) {
            let table = try options.section("TableOptions/BlockBasedTable \"\(map)\"")
            #expect(table["filter_policy"]?.hasPrefix("bloomfilter:10") == true, "\(map)")
            #expect(table["partition_filters"] == "true", "\(map)")
        }
    }

    /// What all patterns have, unless one says otherwise.
    private static let commonFigures = [
        "level0_file_num_compaction_trigger": "2",
        "max_bytes_for_level_multiplier": "1.000000",
        "max_bytes_for_level_multiplier_additional": "1:1:1:3:7:15:31",
        "index_type": "kTwoLevelIndexSearch",
        "cache_index_and_filter_blocks": "true",
        "no_block_cache": "false",
        "arena_block_size": String(64 << 10),
        "ttl": String(21 * 86_400),
        "compression": "kZSTD",
        "block_size": "4096",
    ]

    private static let figures: [AccessPattern: [String: String]] = [
        .random: [
            "compaction_style": "kCompactionStyleLevel",
            "compaction_pri": "kOldestSmallestSeqFirst",
            "compression_opts.level": "-3",
            "bottommost_compression": "kZSTD",
            "bottommost_compression_opts.enabled": "true",
            "bottommost_compression_opts.level": "2",
            "max_bytes_for_level_base": String(8 << 20),
            "target_file_size_base": String(1 << 20),
        ],
        .sequential: [
            "compaction_style": "kCompactionStyleLevel",
            "compaction_pri": "kOldestLargestSeqFirst",
            "compression_opts.level": "-2",
            "bottommost_compression": "kZSTD",
            "bottommost_compression_opts.enabled": "true",
            "bottommost_compression_opts.level": "2",
            "max_bytes_for_level_base": String(32 << 20),
            "target_file_size_base": String(2 << 20),
        ],
        .randomSmall: universal.merging([
            "max_bytes_for_level_base": String(512 << 10),
            "target_file_size_base": String(128 << 10),
            "block_size": "512",
        ]) { $1 },
        .sequentialSmall: universal.merging([
            "max_bytes_for_level_base": String(1 << 20),
            "target_file_size_base": String(512 << 10),
        ]) { $1 },
        .randomSmallCache: [
            "compaction_style": "kCompactionStyleFIFO",
            "compaction_options_fifo.max_table_files_size": String(64 << 20),
            "compression_opts.level": "-4",
            "ttl": String(14 * 86_400),
        ],
    ]

    /// What the two small patterns share.
    private static let universal = [
        "compaction_style": "kCompactionStyleUniversal",
        "compaction_options_universal.min_merge_width": "2",
        "compaction_options_universal.max_merge_width": "16",
        "compaction_options_universal.stop_style": "kCompactionStopStyleTotalSize",
        "compression_opts.level": "-4",
        "compression_per_level": "kNoCompression:kNoCompression:kNoCompression:kZSTD:kZSTD:kZSTD:kZSTD",
        "bottommost_compression": "kDisableCompressionOption",
    ]

    /// The maps whose tuning goes beyond their pattern.
    private static let exceptions = [
        "pduid_pdu": ["block_size": "2048"],
        "eventid_outlierpdu": ["block_size": "2048"],
        "roomsynctoken_shortstatehash": ["bottommost_compression_opts.level": "9"],
    ]

    private static let writeBufferMax: [AccessPattern: Int] = [
        .random: 32 << 20, .sequential: 64 << 20, .randomSmall: 16 << 20, .sequentialSmall: 16 << 20, .randomSmallCache: 16 << 20,
    ]

    /// Makes the database and reads the newest of its OPTIONS files.
    private static func writtenOptions(of schema: DatabaseSchema) throws -> OptionsFile {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/\(schema.name)"
        let database = try Database(
            schema: schema, directory: path, serverName: "example.org", blockCache: BlockCache(capacityBytes: 1 << 20),
            environment: .system(), notifier: Notifier())
        defer { database.close() }
        return try OptionsFile(in: path)
    }
}

/// A line of the table of maps that the schema was made from.
private struct SchemaRow {
    let map: String
    let database: String
    let directory: String
    let pattern: String

    static func readAll() throws -> [SchemaRow] {
        let tests = #filePath.split(separator: "/").dropLast()
        let root = "/" + tests.dropLast(2).joined(separator: "/")
        let lines = try readText("\(root)/Resources/schema.tsv").split(separator: "\n").dropFirst()
        return try lines.map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            try #require(fields.count == 7)
            return SchemaRow(map: fields[0], database: fields[1], directory: fields[2], pattern: fields[3])
        }
    }
}

/// What RocksDB has written about the options that it runs with.
private struct OptionsFile {
    private var sections: [String: [String: String]] = [:]

    /// Reads the newest options file in a database's directory.
    init(in directory: String) throws {
        var found = glob_t()
        defer { globfree(&found) }
        let status = glob("\(directory)/OPTIONS-*", 0, nil, &found)
        try #require(status == 0)
        // The numbers in the names have six digits, and what glob finds is sorted.
        let newest = found.gl_pathv[Int(found.gl_pathc) - 1]
        let path = try String(cString: #require(newest))
        var section = ""
        for line in try readText(path).split(separator: "\n") {
            let line = line.drop { $0 == " " }
            if line.hasPrefix("[") {
                section = String(line.dropFirst().dropLast())
            } else if let equals = line.firstIndex(of: "=") {
                set(line[..<equals], line[line.index(after: equals)...], in: section)
            }
        }
    }

    /// A group of options that stands in braces is kept with a dotted name for each.
    private mutating func set(_ name: Substring, _ value: Substring, in section: String) {
        sections[section, default: [:]][String(name)] = String(value)
        guard value.hasPrefix("{") else { return }
        for part in value.dropFirst().dropLast().split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { sections[section, default: [:]]["\(name).\(pair[0])"] = String(pair[1]) }
        }
    }

    func section(_ name: String) throws -> [String: String] {
        try #require(sections[name], "\(name)")
    }

    var maps: Set<String> {
        Set(sections.keys.filter { $0.hasPrefix("CFOptions ") }.map { String($0.dropFirst("CFOptions \"".count).dropLast()) })
    }
}

/// The text of a file.
private func readText(_ path: String) throws -> String {
    let file = try #require(fopen(path, "r"), "\(path)")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&block, 1, block.count, file), count > 0 { bytes += block[..<count] }
    return try #require(String(validating: bytes, as: UTF8.self))
}
