import RocksDB
import TestSupport
import Testing

@Suite struct LifetimeTests {
    /// Expects that the directory's database is open, or that it is not.
    private func expectOpen(_ isOpen: Bool, _ path: String, sourceLocation: SourceLocation = #_sourceLocation) {
        if isOpen {
            let error = #expect(throws: RocksDBError.self, sourceLocation: sourceLocation) { _ = try TestInstance(path) }
            #expect(error?.kind == .ioError, sourceLocation: sourceLocation)
            #expect(error?.message.contains("LOCK") == true, sourceLocation: sourceLocation)
        } else {
            #expect(throws: Never.self, sourceLocation: sourceLocation) { _ = try TestInstance(path) }
        }
    }

    @Test func anInstanceClosesWithItsLastReference() throws {
        let directory = try TemporaryDirectory()
        var instance: Instance? = try TestInstance(directory.path).instance
        expectOpen(true, directory.path)
        let alias = instance
        instance = nil
        expectOpen(true, directory.path)
        _ = consume alias
        expectOpen(false, directory.path)
    }

    @Test func anIteratorKeepsItsDatabaseOpen() throws {
        let directory = try TemporaryDirectory()
        var test: TestInstance? = try TestInstance(directory.path)
        try test?.put(["a": "1", "b": "2", "c": "3"])
        var iterator = test.map {
            $0.instance.makeIterator(in: $0.events, snapshot: $0.instance.makeSnapshot(), lowerBound: bytes("b"), upperBound: bytes("c"))
        }
        test = nil
        expectOpen(true, directory.path)

        iterator?.seekToFirst()
        #expect(iterator?.value == bytes("2"))
        iterator?.next()
        #expect(iterator?.isValid == false)
        iterator = nil
        expectOpen(false, directory.path)
    }

    @Test func aSnapshotKeepsItsDatabaseOpen() throws {
        let directory = try TemporaryDirectory()
        var snapshot: Snapshot? = try TestInstance(directory.path).instance.makeSnapshot()
        expectOpen(true, directory.path)
        #expect(snapshot != nil)
        snapshot = nil
        expectOpen(false, directory.path)
    }

    @Test func aColumnFamilyKeepsItsDatabaseOpen() throws {
        let directory = try TemporaryDirectory()
        var events: ColumnFamily? = try TestInstance(directory.path).events
        expectOpen(true, directory.path)
        #expect(events?.name == "events")
        events = nil
        expectOpen(false, directory.path)
    }

    @Test func aFailedOpenLeavesNothingOpen() throws {
        let directory = try TemporaryDirectory()
        _ = try TestInstance(directory.path)
        #expect(throws: RocksDBError.self) {
            _ = try Instance.open(at: directory.path, options: InstanceOptions(), columnFamilies: [])
        }
        expectOpen(false, directory.path)
    }

    @Test func aBlockCacheOutlivesItsObject() throws {
        let directory = try TemporaryDirectory()
        var cache: BlockCache? = BlockCache(capacityBytes: 1 << 20)
        var options = ColumnFamilyOptions()
        options.blockCache = cache
        let test = try TestInstance(directory.path, families: [("events", options), ("rooms", options)])
        cache = nil
        options.blockCache = nil
        try test.put(["a": "1"])
        try test.instance.flush(test.events)
        #expect(try test.get("a") == "1")
        #expect(cache == nil)
    }
}
