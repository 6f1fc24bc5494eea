import Glibc
import RocksDB
import Store
import TestSupport
import Testing

@Suite struct VerificationTests {
    private let store: TestStore

    /// A database whose entries are in tables and in the log.
    init() async throws {
        store = try TestStore()
        try await store.session { database in
            for batch in 0..<4 as Range<UInt64> {
                try await database.commit { commit in
                    for number in 0..<500 as Range<UInt64> {
                        commit.put(TestMaps.numbers, batch * 500 + number, number)
                        commit.put(TestMaps.texts, "\(batch) \(number)", "\(number &* 2_654_435_761)")
                    }
                    commit.stamp(kind: 1, scope: Scope(.room, [UInt8(batch)])) { _ in [] }
                }
            }
            try database.flushTables()
            try await database.commit { $0.put(TestMaps.numbers, 5000, 5000) }
        }
    }

    @Test func aWholeDatabaseIsReadAndLeftAsItIs() throws {
        let names = try DatabaseFiles.names(in: store.path)
        let files = try DatabaseFiles(in: store.path)
        let result = verify()
        #expect(result.findings.isEmpty)
        #expect(result.entries >= 4001 + 8)
        #expect(result.tables >= 3)
        #expect(result.position > Position(0))
        #expect(try DatabaseFiles.names(in: store.path) == names)
        #expect(try DatabaseFiles(in: store.path) == files)
    }

    @Test func aDamagedTableIsFoundByItsMap() throws {
        for (path, map) in try tables() {
            let whole = try #require(readFile(path))
            var damaged = whole
            damaged[whole.count / 3] ^= 1
            try replace(path, by: damaged)
            let result = verify()
            #expect(result.findings.contains { $0.map == map && $0.problem.contains(path) }, "\(map): \(result.findings)")
            try replace(path, by: whole)
        }
        #expect(verify().findings.isEmpty)
    }

    @Test func aLogThatIsCutShortIsFound() throws {
        let log = try #require(try DatabaseFiles.names(in: store.path).last { $0.hasSuffix(".log") })
        let path = "\(store.path)/\(log)"
        try replace(path, by: try #require(readFile(path)).dropLast(20))
        let result = verify()
        #expect(result.findings.contains { $0.map == nil && $0.problem.contains(log) }, "\(result.findings)")
        try #require(unlink("\(store.path)/durable") == 0)
        #expect(verify().findings.contains { $0.problem.contains("has lost the file durable") })
    }

    @Test func aMissingTableIsFoundByItsMap() throws {
        let (path, map) = try #require(try tables().first { $0.map == "texts" })
        try #require(unlink(path) == 0)
        let result = verify()
        #expect(result.findings.contains { $0.map == map && $0.problem.contains(path) }, "\(result.findings)")
    }

    @Test func entriesOfAnotherTypeAreFound() async throws {
        // The same maps with other types.
        let numbers = Column<String, String>("numbers", in: "test", .random)
        let schema = DatabaseSchema(
            name: "test", version: TestMaps.schema.version, maps: [numbers.map, TestMaps.texts.map, TestMaps.bytes.map])
        let database = try store.open(schema)
        try await database.commit { commit in
            commit.put(numbers, "9 bytes ..", "12345678")
            commit.put(numbers, "8 bytes.", "short")
        }
        database.close()
        let result = verify()
        #expect(result.findingCount == 2)
        #expect(result.findings.allSatisfy { $0.map == "numbers" })
        let finding = try #require(result.findings.first { $0.problem.hasPrefix("the value") })
        #expect(finding.key == .integer(4_044_340_739_162_075_950))
        #expect("\(finding)".hasPrefix("test, numbers, 4044340739162075950: the value is not one of the map's: "))
    }

    @Test func referencesThatLeadNowhereAreFound() throws {
        let result = Verification.run(TestMaps.schema, at: store.path, blockCache: cache) { check in
            try check.each(TestMaps.numbers, has: TestMaps.texts, at: { key, _ in key < 2 ? "0 \(key)" : key == 5000 ? "no" : nil }) {
                $0 == 0 && $2 == "0"
            }
            struct Stopped: Error {}
            check.run { _ in throw Stopped() }
        }
        #expect(
            result.findings.map(\.description) == [
                "test, numbers, 1: doesn't agree with texts at 0 1",
                "test, numbers, 5000: has no entry in texts at no",
                "test: not all references could be checked: Stopped()",
            ])
    }

    @Test func aNewerPositionThanIsReservedIsFound() async throws {
        let far = Position(1 << 60)
        try await store.session { database in
            try await database.commit { commit in
                commit.put(CommonMaps.positionChange, far, Change(kind: 1, scope: Scope(.room, [0]), key: []))
            }
        }
        let findings = verify().findings
        #expect(findings.count == 2 && findings.allSatisfy { $0.map == "position_change" && $0.key == .integer(1 << 60) })
    }

    @Test func whatCannotBeOpenedIsAFinding() throws {
        #expect(verify(at: store.path(of: "nothing")).findings.map(\.map) == [nil])
        let foreign = verify(serverName: "example.com")
        #expect(
            foreign.findings.map(\.problem) == [
                "can't be opened: the test database in \(store.path) belongs to the server example.org, not to example.com"
            ])
        let newer = DatabaseSchema(name: "test", version: 99, maps: TestMaps.schema.maps)
        #expect(
            Verification.run(newer, at: store.path, blockCache: cache) { _ in }.findings.map(\.problem) == [
                "can't be opened: the test database in \(store.path) has schema version \(TestMaps.schema.version), this program has 99"
            ])
        let fewer = DatabaseSchema(name: "test", version: TestMaps.schema.version, maps: [TestMaps.numbers.map])
        #expect(
            Verification.run(fewer, at: store.path, blockCache: cache) { _ in }.findings.map(\.problem) == [
                "can't be opened: the test database in \(store.path) doesn't have this version's maps; unknown: bytes, texts"
            ])
    }

    private let cache = BlockCache(capacityBytes: 1 << 20)

    private func verify(at path: String? = nil, serverName: String? = "example.org") -> VerificationResult {
        Verification.run(TestMaps.schema, at: path ?? store.path, serverName: serverName, blockCache: cache) { _ in }
    }

    /// The database's table files and their maps.
    private func tables() throws -> [(path: String, map: String)] {
        var options = InstanceOptions()
        options.extra["db_log_dir"] = "/dev/null"
        let families = TestMaps.schema.maps.map { ($0.name, ColumnFamilyOptions()) }
        let instance = try Instance.open(at: store.path, options: options, columnFamilies: families, readOnly: true)
        return instance.tableFiles.map { (store.path + $0.name, $0.columnFamily) }
    }

    private func replace(_ path: String, by bytes: [UInt8]) throws {
        let file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
        try #require(file >= 0)
        defer { close(file) }
        try #require(Glibc.write(file, bytes, bytes.count) == bytes.count)
    }
}
