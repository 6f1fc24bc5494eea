import Glibc
import RocksDB
import TestSupport
import Testing

@Suite struct TableFileTests {
    /// What ends a table file; it has no checksum of its own, and bytes in it that say nothing.
    private static let footerBytes = 53

    private let directory: TemporaryDirectory
    private let path: String
    private let table: TableFile

    /// A table whose index and filter have several partitions.
    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/db"
        var options = ColumnFamilyOptions()
        options.filter = .ribbon(bloomEquivalentBitsPerKey: 10)
        options.partitionedIndexAndFilters = true
        options.metadataBlockSizeBytes = 512
        options.blockSizeBytes = 1024
        let test = try TestInstance(path, families: [("events", options), ("rooms", ColumnFamilyOptions())])
        let pairs = (0..<2000).map { ("key \($0)", "value \($0 &* 2_654_435_761)") }
        try test.put(Dictionary(pairs) { $1 })
        try test.instance.flush(test.events)
        let tables = test.instance.tableFiles
        table = try #require(tables.first)
        #expect(tables.count == 1)
    }

    @Test func saysWhatItIs() throws {
        #expect(table.columnFamily == "events")
        #expect(table.name.hasSuffix(".sst"))
        #expect(try Int(table.sizeBytes) == #require(readFile(path + table.name)).count)
    }

    @Test func aWholeTablePasses() throws {
        try TableFile.check(at: path + table.name)
    }

    @Test func everyDamagedByteIsFound() throws {
        let whole = try #require(readFile(path + table.name))
        let damaged = directory.path + "/damaged.sst"
        var unnoticed: [Int] = []
        for index in stride(from: 0, to: whole.count - Self.footerBytes, by: 61) {
            var bytes = whole
            bytes[index] ^= 0x10
            try write(bytes, to: damaged)
            do { try TableFile.check(at: damaged) } catch { continue }
            unnoticed.append(index)
        }
        #expect(unnoticed.isEmpty, "of \(whole.count) bytes")
    }

    @Test func aTableThatIsCutShortOrMissingIsFound() throws {
        let whole = try #require(readFile(path + table.name))
        let cut = directory.path + "/cut.sst"
        try write(Array(whole.dropLast(100)), to: cut)
        #expect(throws: RocksDBError.self) { try TableFile.check(at: cut) }
        #expect(throws: RocksDBError.self) { try TableFile.check(at: directory.path + "/missing.sst") }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        try #require(Glibc.write(file, bytes, bytes.count) == bytes.count)
    }
}
