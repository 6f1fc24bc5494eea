import FoundationEssentials
import RocksDB
import TestSupport
import Testing

@Suite struct RocksDBErrorTests {
    @Test(arguments: [
        ("NotFound: ", RocksDBError.Kind.notFound),
        ("Corruption: block checksum mismatch", .corruption),
        ("Not implemented: Not supported operation in read only mode.", .notSupported),
        ("Invalid argument: Column family not found: x", .invalidArgument),
        ("IO error: While open a file for random read: x: Permission denied", .ioError),
        ("IO error: No space left on device: While appending to file: x", .noSpace),
        ("IO error: Space limit reached: x", .noSpace),
        ("IO error: While open a file: No space left on device: No such file or directory", .ioError),
        ("Resource busy: ", .busy),
        ("Operation timed out: ", .timedOut),
        ("Operation aborted: ", .aborted),
        ("Result incomplete: ", .incomplete),
        ("Shutdown in progress: ", .shutdownInProgress),
        ("Operation failed. Try again.: ", .tryAgain),
        ("Operation expired: ", .expired),
        ("Merge in progress: ", .other),
        ("Something else", .other),
    ])
    func kindFollowsFromThePrefix(message: String, kind: RocksDBError.Kind) {
        let error = RocksDBError(message: message)
        #expect(error.kind == kind)
        #expect(error.message == message)
        #expect(error.description == "RocksDB: \(message)")
    }

    @Test func openingAMissingDatabaseSaysSo() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/none"
        let error = try #require(throws: RocksDBError.self) {
            _ = try Instance.open(at: path, options: InstanceOptions(), columnFamilies: [])
        }
        #expect(error.kind == .invalidArgument)
        #expect(error.message.contains("does not exist"))
        let readOnly = try #require(throws: RocksDBError.self) {
            _ = try Instance.open(at: path, options: InstanceOptions(), columnFamilies: [], readOnly: true)
        }
        #expect(readOnly.kind == .ioError)
        #expect(readOnly.message.contains("No such file or directory"))
        #expect(try Instance.columnFamilies(at: path) == nil)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func openingRefusesAnExistingDatabaseWhereANewOneIsAskedFor() throws {
        let directory = try TemporaryDirectory()
        _ = try TestInstance(directory.path)
        var options = InstanceOptions.creating
        options.errorIfExists = true
        let error = try #require(throws: RocksDBError.self) { _ = try TestInstance(directory.path, options: options) }
        #expect(error.kind == .invalidArgument)
    }

    @Test func openingChecksTheSetOfColumnFamilies() throws {
        let directory = try TemporaryDirectory()
        _ = try TestInstance(directory.path)

        let tooFew = try #require(throws: RocksDBError.self) {
            _ = try Instance.open(at: directory.path, options: InstanceOptions(), columnFamilies: [("events", ColumnFamilyOptions())])
        }
        #expect(tooFew.kind == .invalidArgument)
        #expect(tooFew.message.contains("rooms"))

        let tooMany = try #require(throws: RocksDBError.self) {
            _ = try Instance.open(
                at: directory.path, options: InstanceOptions(),
                columnFamilies: TestInstance.families + [("users", ColumnFamilyOptions())])
        }
        #expect(tooMany.kind == .invalidArgument)
        #expect(tooMany.message.contains("users"))

        let names = try #require(try Instance.columnFamilies(at: directory.path))
        #expect(names.sorted() == ["default", "events", "rooms"])
        _ = try TestInstance(directory.path, options: InstanceOptions())
    }

    @Test func aReadOnlyInstanceReadsTheLogAndRefusesWrites() throws {
        let directory = try TemporaryDirectory()
        try TestInstance(directory.path).put(["a": "1"])

        let reader = try TestInstance(directory.path, options: InstanceOptions(), readOnly: true)
        #expect(try reader.get("a") == "1")
        #expect(try reader.keys() == ["a"])
        let batch = WriteBatch()
        batch.put(bytes("b"), bytes("2"), in: reader.events)
        let write = try #require(throws: RocksDBError.self) { try reader.instance.write(batch, sync: false) }
        #expect(write.kind == .notSupported)
        let sync = try #require(throws: RocksDBError.self) { try reader.instance.flushWAL(sync: true) }
        #expect(sync.kind == .notSupported)
        let flush = try #require(throws: RocksDBError.self) { try reader.instance.flush(reader.events) }
        #expect(flush.kind == .notSupported)
    }

    @Test func aReadOnlyInstanceOpensFewerColumnFamilies() throws {
        let directory = try TemporaryDirectory()
        try TestInstance(directory.path).put(["a": "1"])
        let instance = try Instance.open(
            at: directory.path, options: InstanceOptions(), columnFamilies: [("events", ColumnFamilyOptions())], readOnly: true)
        let events = try #require(instance.columnFamily("events"))
        #expect(instance.columnFamily("rooms") == nil)
        #expect(text(try instance.get(bytes("a"), in: events, snapshot: nil)) == "1")
    }

    @Test func anUnknownOptionIsRefused() throws {
        let directory = try TemporaryDirectory()
        var options = InstanceOptions.creating
        options.extra = ["no_such_option": "1"]
        let instance = try #require(throws: RocksDBError.self) { _ = try TestInstance(directory.path, options: options) }
        #expect(instance.kind == .invalidArgument)
        #expect(instance.message.contains("no_such_option"))

        var family = ColumnFamilyOptions()
        family.extra = ["compaction_pri": "kNoSuchPriority"]
        let columnFamily = try #require(throws: RocksDBError.self) {
            _ = try Instance.open(at: directory.path, options: .creating, columnFamilies: [("events", family)])
        }
        #expect(columnFamily.kind == .invalidArgument)
    }
}
