import Glibc
import RocksDB
import Store
import TestSupport
import Testing

/// What is there is compared with the schema at open, and left as it is where they differ.
@Suite struct SchemaCheckTests {
    private let store: TestStore

    init() async throws {
        store = try TestStore()
        try await store.session { try await $0.commit { $0.put(TestMaps.numbers, 1, 1) } }
    }

    @Test func refusesAnUnknownMap() throws {
        let fewer = DatabaseSchema(name: "test", version: 1, maps: [TestMaps.numbers.map])
        try expectRefusal(
            of: fewer, "the test database in \(store.path) doesn't have this version's maps; unknown: bytes, texts")
    }

    @Test func refusesAMissingMap() throws {
        let more = DatabaseSchema(name: "test", version: 1, maps: TestMaps.schema.maps(and: ["alpha", "beta"]))
        try expectRefusal(
            of: more, "the test database in \(store.path) doesn't have this version's maps; missing: alpha, beta")
    }

    @Test func refusesANewerVersion() throws {
        let older = DatabaseSchema(name: "test", version: 0, maps: TestMaps.schema.maps(and: ["alpha"]))
        try expectRefusal(
            of: older, "the test database in \(store.path) has schema version 1, this program has 0: a newer program wrote it")
    }

    @Test func refusesAnOlderVersion() throws {
        let newer = DatabaseSchema(name: "test", version: 2, maps: TestMaps.schema.maps(and: []))
        try expectRefusal(
            of: newer,
            "the test database in \(store.path) has schema version 1, this program has 2, and nothing leads from the one to the other")
    }

    @Test func refusesAnotherServersData() throws {
        try expectRefusal(
            of: TestMaps.schema, serverName: "example.com",
            "the test database in \(store.path) belongs to the server example.org, not to example.com")
    }

    @Test func refusesADatabaseThatDoesNotSayWhatItIs() throws {
        let path = store.path(of: "foreign")
        do {
            var options = InstanceOptions()
            options.createIfMissing = true
            options.createMissingColumnFamilies = true
            _ = try Instance.open(at: path, options: options, columnFamilies: [("global", ColumnFamilyOptions())])
        }
        try expectRefusal(of: TestMaps.schema, at: path, "the test database in \(path) doesn't say what it is")
    }

    @Test func leavesADirectoryAloneThatIsNoDatabase() throws {
        let path = store.path(of: "photos")
        mkdir(path, 0o700)
        close(open("\(path)/holiday.jpeg", O_WRONLY | O_CREAT, 0o600))
        #expect(throws: StoreError.self) { try store.open(at: path) }
        #expect(try DatabaseFiles.names(in: path) == ["holiday.jpeg"])
    }

    @Test func beginsAgainAfterAnInterruptedCreation() async throws {
        let path = store.path(of: "interrupted")
        var files = try DatabaseFiles(in: store.path)
        files.truncateLog(to: 10)
        try files.write(to: "\(path).new")
        mkdir("\(path).new/lost", 0o700)
        try await store.session(at: path) { database in
            #expect(try database.snapshot().get(TestMaps.numbers, 1) == nil)
            try await database.commit { $0.put(TestMaps.numbers, 2, 2) }
        }
        #expect(access("\(path).new", F_OK) != 0)
        try await store.session(at: path) { database in
            let number = try database.snapshot().get(TestMaps.numbers, 2)
            #expect(number == 2)
        }
    }

    @Test func opensWhatFits() async throws {
        try await store.session { database in
            let number = try database.snapshot().get(TestMaps.numbers, 1)
            #expect(number == 1)
        }
    }

    private func expectRefusal(
        of schema: DatabaseSchema, at path: String? = nil, serverName: String = "example.org", _ message: String
    ) throws {
        let path = path ?? store.path
        let before = try DatabaseFiles(in: path)
        let error = #expect(throws: StoreError.self) { try store.open(schema, at: path, serverName: serverName) }
        guard case .schemaMismatch = error else {
            Issue.record("\(error.map { "\($0)" } ?? "nothing") was thrown")
            return
        }
        #expect(error.map { "\($0)" } == message)
        #expect(try DatabaseFiles(in: path) == before)
    }
}

extension DatabaseSchema {
    /// The schema's own maps and others of these names.
    fileprivate func maps(and names: [String]) -> [MapDescriptor] {
        let own = Set(["numbers", "texts", "bytes"])
        return maps.filter { own.contains($0.name) }
            + names.map { Column<UInt64, UInt64>($0, in: "test", .random).map }
    }
}
