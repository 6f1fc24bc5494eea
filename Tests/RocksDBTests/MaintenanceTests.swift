import RocksDB
import TestSupport
import Testing

@Suite struct MaintenanceTests {
    @Test(arguments: [0, UInt64.max])
    func aCheckpointIsADatabase(logSizeForFlush: UInt64) throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path + "/db")
        try test.put(["a": "1"])
        try test.instance.flush(test.events)
        try test.put(["b": "2"])
        let sequence = test.instance.latestSequenceNumber
        let tables = test.instance.property("rocksdb.num-files-at-level0", in: test.events)
        try test.instance.flushWAL(sync: true)
        try test.instance.checkpoint(to: directory.path + "/checkpoint", logSizeForFlush: logSizeForFlush)
        #expect((test.instance.property("rocksdb.num-files-at-level0", in: test.events) == tables) == (logSizeForFlush > 0))
        try test.put(["c": "3"])

        let checkpoint = try TestInstance(directory.path + "/checkpoint", options: InstanceOptions())
        #expect(try checkpoint.keys() == ["a", "b"])
        #expect(checkpoint.instance.latestSequenceNumber == sequence)
        try checkpoint.put(["d": "4"])
        #expect(try test.keys() == ["a", "b", "c"])

        let error = try #require(throws: RocksDBError.self) {
            try test.instance.checkpoint(to: directory.path + "/checkpoint", logSizeForFlush: 0)
        }
        #expect(error.kind == .invalidArgument)
    }

    @Test func flushAndCompactMoveEntriesDown() throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path)
        for key in ["a", "b"] {
            try test.put([key: "1"])
            #expect(test.instance.integerProperty("rocksdb.num-entries-active-mem-table", in: test.events) == 1)
            try test.instance.flush(test.events)
            #expect(test.instance.integerProperty("rocksdb.num-entries-active-mem-table", in: test.events) == 0)
        }
        #expect(test.instance.property("rocksdb.num-files-at-level0", in: test.events) == "2")
        test.instance.compact(test.events, from: bytes("x"), to: bytes("z"))
        #expect(test.instance.property("rocksdb.num-files-at-level0", in: test.events) == "2")
        test.instance.compact(test.events)
        #expect(test.instance.property("rocksdb.num-files-at-level0", in: test.events) == "0")
        #expect(test.instance.integerProperty("rocksdb.background-errors", in: test.events) == 0)
        #expect(try test.keys() == ["a", "b"])
    }

    @Test func propertiesAreOfTheColumnFamily() throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path)
        try test.put(["a": "1", "b": "1"])
        #expect(test.instance.integerProperty("rocksdb.estimate-num-keys", in: test.events) == 2)
        #expect(test.instance.integerProperty("rocksdb.estimate-num-keys", in: test.rooms) == 0)
        #expect(test.instance.property("rocksdb.stats", in: test.events)?.isEmpty == false)
        #expect(test.instance.property("rocksdb.no-such-property", in: test.events) == nil)
        #expect(test.instance.integerProperty("rocksdb.no-such-property", in: test.events) == nil)
    }

    @Test func statisticsAreThereWhenAskedFor() throws {
        let directory = try TemporaryDirectory()
        #expect(try TestInstance(directory.path).instance.statistics == nil)
        var options = InstanceOptions.creating
        options.statistics = true
        let test = try TestInstance(directory.path, options: options)
        try test.put(["a": "1", "b": "1"])
        #expect(try test.counter("rocksdb.number.keys.written") == 2)
    }

    @Test func blocksAreCountedForEachColumnFamily() throws {
        let directory = try TemporaryDirectory()
        var options = ColumnFamilyOptions()
        options.blockCache = BlockCache(capacityBytes: 1 << 20)
        let database = try TestInstance("\(directory.path)/db", families: [("events", options), ("rooms", options)])
        try database.put(["a": "1", "b": "2"])
        #expect(try database.get("a") == "1")
        #expect(database.events.blockCounts == BlockCounts(hits: 0, reads: 0), "memtables have no blocks")

        try database.instance.flush(database.events)
        #expect(try database.get("a") == "1")
        let first = database.events.blockCounts
        #expect(first.reads > 0)
        #expect(try database.keys() == ["a", "b"])
        #expect(try database.instance.multiGet([bytes("a"), bytes("b")], in: database.events, snapshot: nil, sorted: true).count == 2)
        let second = database.events.blockCounts
        #expect(second.reads == first.reads)
        #expect(second.hits >= first.hits + 2)
        #expect(database.rooms.blockCounts == BlockCounts(hits: 0, reads: 0))
    }

    @Test func aBlockCacheHoldsWhatItMay() throws {
        let directory = try TemporaryDirectory()
        let cache = BlockCache(capacityBytes: 8 << 20, shardBits: 0)
        #expect(cache.capacityBytes == 8 << 20)
        var options = ColumnFamilyOptions()
        options.blockCache = cache
        options.filter = .bloom(bitsPerKey: 10)
        let test = try TestInstance(directory.path, families: [("events", options), ("rooms", options)])
        let value = String(repeating: "v", count: 1 << 20)
        try test.put(["a": value])
        try test.instance.flush(test.events)
        #expect(try test.get("a") == value)
        #expect(cache.usageBytes >= 1 << 20)
        cache.capacityBytes = 0
        #expect(cache.usageBytes < 1 << 20)
        #expect(try test.get("a") == value)
    }

    @Test func anIteratorMayLeaveTheCacheAlone() throws {
        let directory = try TemporaryDirectory()
        let cache = BlockCache(capacityBytes: 8 << 20, shardBits: 0)
        var options = ColumnFamilyOptions()
        options.blockCache = cache
        let test = try TestInstance(directory.path, families: [("events", options), ("rooms", options)])
        try test.put(["a": String(repeating: "v", count: 1 << 20)])
        try test.instance.flush(test.events)
        for fillCache in [false, true] {
            let iterator = test.instance.makeIterator(
                in: test.events, snapshot: nil, lowerBound: nil, upperBound: nil, fillCache: fillCache)
            iterator.seekToFirst()
            #expect(iterator.isValid)
            withExtendedLifetime(consume iterator) {}
            #expect((cache.usageBytes > 1 << 20) == fillCache)
        }
    }
}
