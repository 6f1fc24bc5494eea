import Glibc
import RocksDB
import TestSupport
import Testing

@Suite struct ColumnFamilyTests {
    private let directory: TemporaryDirectory
    private let test: TestInstance

    init() throws {
        directory = try TemporaryDirectory()
        test = try TestInstance(directory.path)
    }

    private static let withUsers = TestInstance.families + [("users", ColumnFamilyOptions())]

    @Test func aNewOneIsUsedAtOnceAndStays() throws {
        let users = try test.instance.createColumnFamily("users", options: ColumnFamilyOptions())
        #expect(users.name == "users")
        #expect(test.instance.columnFamily("users") === users)
        let batch = WriteBatch()
        batch.put([1], [2], in: users)
        batch.put([3], [4], in: test.events)
        try test.instance.write(batch, sync: false)
        #expect(try test.instance.get([1], in: users, snapshot: nil) == [2])
        #expect(try Instance.columnFamilies(at: directory.path) == ["default", "events", "rooms", "users"])

        try withCopy { path in
            let again = try TestInstance(path, families: Self.withUsers)
            let users = try #require(again.instance.columnFamily("users"))
            #expect(try again.instance.get([1], in: users, snapshot: nil) == [2])
        }
    }

    @Test func aNameIsTakenOnce() throws {
        let error = #expect(throws: RocksDBError.self) {
            try test.instance.createColumnFamily("rooms", options: ColumnFamilyOptions())
        }
        #expect(error?.kind == .invalidArgument)
        #expect(test.instance.columnFamily("rooms") === test.rooms)
    }

    @Test func aDroppedOneIsGone() throws {
        try test.put(["a": "1"])
        try test.instance.flush(test.events)
        try test.put(["b": "2"])
        try test.instance.dropColumnFamily(test.events)
        #expect(test.instance.columnFamily("events") == nil)
        #expect(try Instance.columnFamilies(at: directory.path) == ["default", "rooms"])
        // Whoever has it can go on reading it.
        #expect(try test.keys() == ["a", "b"])

        try withCopy { path in
            let again = try Instance.open(at: path, options: InstanceOptions(), columnFamilies: [("rooms", ColumnFamilyOptions())])
            #expect(again.columnFamily("rooms") != nil)
            let events = try again.createColumnFamily("events", options: ColumnFamilyOptions())
            #expect(try again.get([0x61], in: events, snapshot: nil) == nil)
        }
    }

    @Test func aDroppedOnesTablesGoWithItsLastUser() throws {
        let users = try test.instance.createColumnFamily("users", options: ColumnFamilyOptions())
        let batch = WriteBatch()
        batch.put([1], [2], in: users)
        try test.instance.write(batch, sync: false)
        try test.instance.flush(users)
        #expect(try tableCount() == 1)
        try test.instance.dropColumnFamily(users)
        #expect(try tableCount() == 1)
        #expect(try test.instance.get([1], in: users, snapshot: nil) == [2])
        _ = consume users
        #expect(try tableCount() == 0)
    }

    @Test func anIteratorKeepsADroppedOne() throws {
        let users = try test.instance.createColumnFamily("users", options: ColumnFamilyOptions())
        let batch = WriteBatch()
        batch.put([1], [2], in: users)
        try test.instance.write(batch, sync: false)
        let iterator = test.instance.makeIterator(in: users, snapshot: nil, lowerBound: nil, upperBound: nil)
        try test.instance.dropColumnFamily(users)
        _ = consume users
        iterator.seekToFirst()
        #expect(iterator.value == [2])
    }

    /// Hands over a copy of the directory as a crash would leave it, once the log's buffer is out.
    private func withCopy(_ body: (String) throws -> Void) throws {
        try test.instance.flushWAL(sync: true)
        let copy = try TemporaryDirectory()
        let copied = system("cp -r '\(directory.path)/.' '\(copy.path)'")
        try #require(copied == 0)
        try body(copy.path)
    }

    private func tableCount() throws -> Int {
        let listing = try #require(opendir(directory.path))
        defer { closedir(listing) }
        var count = 0
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name.hasSuffix(".sst") { count += 1 }
        }
        return count
    }
}
