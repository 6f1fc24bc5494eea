import Glibc
import RocksDB
import Store
import StoreTestSupport
import Testing

/// A database that lacks what it had answered for is not opened, and not made worse; `DatabaseRecovery` goes on without it.
@Suite struct RecoveryTests {
    private let store: TestStore
    /// The directory of a database with a table and, in its log, the numbers up to this one.
    private let damaged: String
    private static let lastNumber: UInt64 = 40

    init() async throws {
        store = try TestStore()
        damaged = store.path(of: "damaged")
        try await store.session { database in
            for number in 1...20 as ClosedRange<UInt64> { try await database.commit { $0.put(TestMaps.numbers, number, number) } }
            try database.flushTables()
            for number in 21...Self.lastNumber { try await database.commit { $0.put(TestMaps.numbers, number, number) } }
        }
        try DatabaseFiles(in: store.path).write(to: damaged)
    }

    @Test func opensWhatIsWhole() async throws {
        #expect(try await numbers() == Array(1...Self.lastNumber))
    }

    @Test func refusesALogThatIsCutShort() async throws {
        let log = try newestLog()
        for size in [0, 10, try size(of: log) / 2, try size(of: log) - 1] {
            try truncate(log, to: size)
            try expectRefusal { error in
                guard case .behindDurable(let message) = error else { return false }
                return message.contains("the test database in \(damaged)") && message.contains("martlet db recover --accept-loss")
            }
        }
    }

    @Test func refusesALogThatIsMissing() async throws {
        let log = try newestLog()
        unlink(log)
        try expectRefusal { error in
            guard case .behindDurable(let message) = error else { return false }
            return message.contains("has lost the log") && message.contains(log.suffix(10))
        }
    }

    @Test func refusesALogOfAnEarlierStart() async throws {
        // The log from before has what isn't in tables, and the new one has what came after.
        let first = try newestLog()
        try await store.session(at: damaged) { try await $0.commit { $0.put(TestMaps.numbers, 41, 41) } }
        #expect(try newestLog() != first)
        #expect(try await numbers() == Array(1...41))
        // At the boundary of a record RocksDB takes a cut for the log's end, and goes on with the next log.
        try truncate(first, to: 0)
        try expectRefusal { if case .behindDurable = $0 { true } else { false } }
        unlink(first)
        try expectRefusal { if case .behindDurable = $0 { true } else { false } }
    }

    @Test func refusesADamagedLog() async throws {
        let log = try newestLog()
        try damage(log, at: try size(of: log) / 2)
        try expectRefusal { if case .behindDurable = $0 { true } else { false } }
    }

    @Test func saysWhoseTableIsMissing() async throws {
        let table = try table()
        unlink(table)
        try expectRefusal { error in
            guard case .damaged(let message) = error else { return false }
            return message.contains("\(table.suffix(10)) of the map ") && message.contains(" is missing")
        }
    }

    @Test func saysWhoseTableIsCutShort() async throws {
        let table = try table()
        try truncate(table, to: 100)
        try expectRefusal { error in
            guard case .damaged(let message) = error else { return false }
            return message.contains("\(table.suffix(10)) of the map ") && message.contains("has 100 bytes instead of")
        }
    }

    @Test func saysWhoseTableIsDamaged() async throws {
        let table = try table()
        // The footer, without which nothing of a table can be read.
        try damage(table, at: try size(of: table) - 4)
        try expectRefusal { error in
            guard case .damaged(let message) = error else { return false }
            return message.contains("in a table of the map ") && message.contains(table.suffix(10))
        }
    }

    @Test(arguments: ["CURRENT", "MANIFEST", "durable"]) func saysWhichFileIsMissing(_ name: String) async throws {
        unlink(try path(beginning: name))
        try expectRefusal { error in
            guard case .damaged(let message) = error else { return false }
            return message.contains(name) && message.contains("restore a backup")
        }
    }

    @Test(arguments: ["CURRENT", "MANIFEST", "durable"]) func saysWhichFileIsDamaged(_ name: String) async throws {
        let path = try path(beginning: name)
        for place in stride(from: 0, to: try size(of: path), by: 16) { try damage(path, at: place) }
        try expectRefusal { if case .damaged(let message) = $0 { message.contains("restore a backup") } else { false } }
    }

    @Test func saysThatAnotherProcessHasIt() async throws {
        let database = try store.open()
        defer { database.close() }
        let error = #expect(throws: StoreError.self) { try store.open() }
        guard case .inUse(let message) = error else { throw Unexpected(error) }
        #expect(message.contains("the test database in \(store.path) is open in another process"))
    }

    @Test func saysThatAFileIsNoDirectory() async throws {
        let path = store.path(of: "file")
        close(open(path, O_WRONLY | O_CREAT, 0o600))
        let error = #expect(throws: StoreError.self) { try store.open(at: path) }
        #expect(error.map { "\($0)" }?.contains("\(path) can't be read: Not a directory") == true)
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything")) func saysThatItMayNotRead() async throws {
        chmod(try path(beginning: "MANIFEST"), 0)
        try expectRefusal { error in
            guard case .dataDirectory(let message) = error else { return false }
            return message.contains("give them to the user that runs the server")
        }
    }

    @Test func theMarkLagsAndNeverLeads() async throws {
        let copy = store.path(of: "copy")
        let database = try store.open(at: damaged)
        defer { database.close() }
        let mark = try #require(DatabaseFiles(in: damaged).contents["durable"])
        try await database.commit { $0.put(TestMaps.numbers, 41, 41) }
        var files = try DatabaseFiles(in: damaged)
        #expect(files.contents["durable"] != mark)
        files.contents["durable"] = mark
        try files.write(to: copy)
        #expect(try await numbers(at: copy).last == 41)
    }

    @Test func anInterruptedWriteOfTheMarkLeavesTheOneBefore() async throws {
        let place = 512
        for damagedPlace in 0..<2 {
            let copy = store.path(of: "copy-\(damagedPlace)")
            var files = try DatabaseFiles(in: damaged)
            for byte in 0..<200 { files.contents["durable"]?[damagedPlace * place + byte] = 0xff }
            try files.write(to: copy)
            #expect(try await numbers(at: copy) == Array(1...Self.lastNumber))
        }
    }

    @Test func goesOnWithoutTheEndOfTheLog() async throws {
        let log = try newestLog()
        try truncate(log, to: try size(of: log) / 2)
        let outcome = try recover()
        let expected = try #require(outcome.expectedSequence)
        #expect(outcome.fault != nil && !outcome.isRebuilt && outcome.lastSequence < expected)
        let left = try await numbers()
        #expect(left == Array(1...UInt64(left.count)))
        #expect((20..<40).contains(left.count))
        // Nothing is given out again that the lost commits may have had.
        try await store.session(at: damaged) { database in
            let shortID = try await database.commit { $0.makeShortID(TestShortID.self) }
            #expect(shortID.number > 1 << 32)
        }
        #expect(try recover().fault == nil)
    }

    @Test func goesOnWithoutALogOrAMark() async throws {
        unlink(try newestLog())
        unlink(try path(beginning: "durable"))
        let outcome = try recover()
        #expect(outcome.expectedSequence == nil && outcome.fault != nil)
        #expect(try await numbers() == Array(1...20))
    }

    @Test(arguments: ["CURRENT", "MANIFEST"]) func putsTogetherWhatIsLeft(_ name: String) async throws {
        unlink(try path(beginning: name))
        let outcome = try recover()
        #expect(outcome.isRebuilt)
        #expect(try await numbers() == Array(1...Self.lastNumber))
    }

    @Test func goesOnWithoutATable() async throws {
        for table in try DatabaseFiles.names(in: damaged) where table.hasSuffix(".sst") {
            let copy = store.path(of: "without-\(table)")
            var files = try DatabaseFiles(in: damaged)
            files.contents[table] = nil
            try files.write(to: copy)
            do {
                #expect(try recover(at: copy).isRebuilt)
            } catch StoreError.damaged(let message) {
                // The one that says what the database is.
                #expect(message.contains("restore a backup"))
                continue
            }
            let left = try await numbers(at: copy)
            #expect(left == Array(1...Self.lastNumber) || left == Array(21...Self.lastNumber))
        }
    }

    @Test func recoversNoOtherServersDatabase() async throws {
        #expect(throws: StoreError.self) {
            try DatabaseRecovery.run(TestMaps.schema, in: damaged, serverName: "example.com", clock: store.environment.clock)
        }
        #expect(throws: StoreError.self) { try recover(at: store.path(of: "nothing")) }
    }

    // MARK: -

    private struct Unexpected: Error {
        init(_ error: (any Error)?) {}
    }

    private func recover(at path: String? = nil) throws -> DatabaseRecovery.Outcome {
        try DatabaseRecovery.run(TestMaps.schema, in: path ?? damaged, serverName: "example.org", clock: store.environment.clock)
    }

    /// Opening fails in the way that `isExpected` says, and changes nothing.
    private func expectRefusal(sourceLocation: SourceLocation = #_sourceLocation, _ isExpected: (StoreError) -> Bool) throws {
        let before = try DatabaseFiles(in: damaged)
        let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try store.open(at: damaged) }
        #expect(error.map(isExpected) == true, "\(error.map { "\($0)" } ?? "")", sourceLocation: sourceLocation)
        #expect(try DatabaseFiles(in: damaged) == before, sourceLocation: sourceLocation)
    }

    private func numbers(at path: String? = nil) async throws -> [UInt64] {
        try await store.session(at: path ?? damaged) { database in
            var walk = try database.snapshot().domain(TestMaps.numbers, .all)
            return try walk.collect().map(\.key)
        }
    }

    private func path(beginning prefix: String) throws -> String {
        "\(damaged)/\(try #require(try DatabaseFiles.names(in: damaged).last { $0.hasPrefix(prefix) }))"
    }

    private func newestLog() throws -> String {
        "\(damaged)/\(try #require(try DatabaseFiles.names(in: damaged).last { $0.hasSuffix(".log") }))"
    }

    private func table() throws -> String {
        "\(damaged)/\(try #require(try DatabaseFiles.names(in: damaged).first { $0.hasSuffix(".sst") }))"
    }

    private func size(of path: String) throws -> Int {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_size
    }

    private func truncate(_ path: String, to size: Int) throws {
        try #require(Glibc.truncate(path, size) == 0)
    }

    /// Turns the bits of one byte.
    private func damage(_ path: String, at place: Int) throws {
        let file = open(path, O_RDWR)
        try #require(file >= 0)
        defer { close(file) }
        var byte: UInt8 = 0
        try #require(pread(file, &byte, 1, place) == 1)
        byte = ~byte
        try #require(pwrite(file, &byte, 1, place) == 1)
    }
}
