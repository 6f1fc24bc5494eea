import RocksDB
import TestSupport
import Testing

@Suite struct ReadWriteTests {
    @Test func columnFamiliesAreKeyspacesOfTheirOwn() throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path)
        let batch = WriteBatch()
        batch.put(bytes("key"), bytes("event"), in: test.events)
        batch.put(bytes("key"), bytes("room"), in: test.rooms)
        try test.instance.write(batch, sync: false)

        let byDefault = try #require(test.instance.columnFamily(Instance.defaultColumnFamily))
        #expect(text(try test.instance.get(bytes("key"), in: test.events, snapshot: nil)) == "event")
        #expect(text(try test.instance.get(bytes("key"), in: test.rooms, snapshot: nil)) == "room")
        #expect(try test.instance.get(bytes("key"), in: byDefault, snapshot: nil) == nil)
        #expect(test.instance.columnFamily("users") == nil)
        #expect(test.events.name == "events")
    }

    @Test func emptyKeysAndValuesAndAllBytesAreKept() throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path)
        let everyByte = (0...255).map { UInt8($0) }
        let batch = WriteBatch()
        batch.put([], everyByte, in: test.events)
        batch.put(everyByte, [], in: test.events)
        UnsafeRawBufferPointer(start: nil, count: 0).withMemoryRebound(to: UInt8.self) { empty in
            batch.put(UnsafeRawBufferPointer(empty), UnsafeRawBufferPointer(empty), in: test.rooms)
        }
        try test.instance.write(batch, sync: false)

        for _ in 0..<2 {
            #expect(try test.instance.get([], in: test.events, snapshot: nil) == everyByte)
            #expect(try test.instance.get(everyByte, in: test.events, snapshot: nil) == [])
            #expect(try test.instance.get([], in: test.rooms, snapshot: nil) == [])
            #expect(try test.instance.contains(everyByte, in: test.events, snapshot: nil))
            #expect(try !test.instance.contains([0], in: test.events, snapshot: nil))
            let values = try test.instance.multiGet([[], everyByte, [0]], in: test.events, snapshot: nil, sorted: false)
            #expect(values == [everyByte, [], nil])
            // The second time from a table file.
            try test.instance.flush(test.events)
            try test.instance.flush(test.rooms)
        }
    }

    @Test func aBatchAppliesItsOperationsInOrder() throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path)
        let batch = WriteBatch()
        #expect(batch.count == 0)
        let emptySize = batch.sizeBytes
        batch.put(bytes("a"), bytes("1"), in: test.events)
        batch.put(bytes("a"), bytes("2"), in: test.events)
        batch.put(bytes("b"), bytes("1"), in: test.events)
        batch.delete(bytes("b"), in: test.events)
        batch.delete(bytes("c"), in: test.events)
        batch.put(bytes("c"), bytes("1"), in: test.events)
        #expect(batch.count == 6)
        #expect(batch.sizeBytes > emptySize)
        let before = test.instance.latestSequenceNumber
        try test.instance.write(batch, sync: false)
        #expect(test.instance.latestSequenceNumber == before + 6)
        #expect(try test.keys() == ["a", "c"])
        #expect(try test.get("a") == "2")

        batch.clear()
        #expect(batch.count == 0)
        #expect(batch.sizeBytes == emptySize)
        batch.put(bytes("d"), bytes("1"), in: test.events)
        try test.instance.write(batch, sync: false)
        #expect(try test.keys() == ["a", "c", "d"])
    }

    @Test func aRangeDeletionTakesItsStartAndNotItsEnd() throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path)
        try test.put(["a": "1", "b": "1", "c": "1", "d": "1"])
        try test.instance.flush(test.events)
        let before = test.instance.makeSnapshot()

        let batch = WriteBatch()
        batch.deleteRange(from: bytes("b"), to: bytes("d"), in: test.events)
        batch.put(bytes("c"), bytes("2"), in: test.events)
        try test.instance.write(batch, sync: false)

        #expect(try test.keys() == ["a", "c", "d"])
        #expect(try test.get("b") == nil)
        #expect(try test.get("c") == "2")
        #expect(
            try test.instance.multiGet(["a", "b", "c"].map(bytes), in: test.events, snapshot: nil, sorted: true).map(text) == [
                "1", nil, "2",
            ])
        #expect(try test.keys(snapshot: before) == ["a", "b", "c", "d"])
        let iterator = test.instance.makeIterator(in: test.events, snapshot: nil, lowerBound: nil, upperBound: nil)
        iterator.seekForPrev(bytes("bz"))
        #expect(iterator.key == bytes("a"))
    }

    @Test(arguments: [("c", "c"), ("d", "b"), ("", "")])
    func anEmptyOrInvertedRangeDeletesNothing(start: String, end: String) throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path)
        try test.put(["b": "1", "c": "1", "d": "1"])
        let batch = WriteBatch()
        batch.deleteRange(from: bytes(start), to: bytes(end), in: test.events)
        #expect(batch.count == 0)
        try test.instance.write(batch, sync: false)
        #expect(try test.keys() == ["b", "c", "d"])
    }

    @Test(arguments: [false, true])
    func multiGetAnswersInTheOrderOfItsKeys(flushed: Bool) throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path)
        let entries = (0..<500).map { (String(format: $0), "value \($0)") }
        try test.put(Dictionary(uniqueKeysWithValues: entries))
        if flushed { try test.instance.flush(test.events) }

        let ascending = (0..<1000).map { String(format: $0) }
        let values = try test.instance.multiGet(ascending.map(bytes), in: test.events, snapshot: nil, sorted: true)
        #expect(values.map(text) == (0..<1000).map { $0 < 500 ? "value \($0)" : nil })

        let shuffled = (0..<1000).shuffled()
        let unsorted = try test.instance.multiGet(shuffled.map { bytes(String(format: $0)) }, in: test.events, snapshot: nil, sorted: false)
        #expect(unsorted.map(text) == shuffled.map { $0 < 500 ? "value \($0)" : nil })

        let twice = try test.instance.multiGet(
            [0, 7, 7, 8].map { bytes(String(format: $0)) }, in: test.events, snapshot: nil, sorted: true)
        #expect(twice.map(text) == ["value 0", "value 7", "value 7", "value 8"])
        #expect(try test.instance.multiGet([], in: test.events, snapshot: nil, sorted: true).isEmpty)
    }

    @Test func aSnapshotKeepsItsState() throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path)
        try test.put(["a": "1", "b": "1"])
        let snapshot = test.instance.makeSnapshot()
        try test.put(["a": "2", "c": "2"])
        let batch = WriteBatch()
        batch.delete(bytes("b"), in: test.events)
        try test.instance.write(batch, sync: false)
        try test.instance.flush(test.events)
        test.instance.compact(test.events, rewriteBottommost: true)

        #expect(try test.get("a", snapshot: snapshot) == "1")
        #expect(try test.get("b", snapshot: snapshot) == "1")
        #expect(try test.get("c", snapshot: snapshot) == nil)
        #expect(try test.keys(snapshot: snapshot) == ["a", "b"])
        let values = try test.instance.multiGet(["a", "b", "c"].map(bytes), in: test.events, snapshot: snapshot, sorted: true)
        #expect(values.map(text) == ["1", "1", nil])
        #expect(try test.instance.contains(bytes("b"), in: test.events, snapshot: snapshot))

        #expect(try test.get("a") == "2")
        #expect(try test.keys() == ["a", "c"])
    }

    @Test func manyReadersAndAWriterWorkSideBySide() async throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path)
        let keys = (0..<100).map { String(format: $0) }
        try test.put(Dictionary(uniqueKeysWithValues: keys.map { ($0, "0") }))
        let (instance, events) = (test.instance, test.events)

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 1...200 {
                    let batch = WriteBatch()
                    for key in keys { batch.put(bytes(key), bytes("\(round)"), in: events) }
                    try instance.write(batch, sync: false)
                    if round % 50 == 0 { try instance.flush(events) }
                }
            }
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<50 {
                        // Each batch writes one value everywhere, so whoever sees two of them has seen half a batch.
                        let snapshot = instance.makeSnapshot()
                        var seen = Set(try instance.multiGet(keys.map(bytes), in: events, snapshot: snapshot, sorted: true))
                        seen.insert(try instance.get(bytes(keys[42]), in: events, snapshot: snapshot))
                        let iterator = instance.makeIterator(in: events, snapshot: snapshot, lowerBound: nil, upperBound: nil)
                        iterator.seekToLast()
                        var count = 0
                        while iterator.isValid {
                            seen.insert(iterator.value)
                            count += 1
                            iterator.previous()
                        }
                        try iterator.checkStatus()
                        #expect(count == keys.count)
                        #expect(seen.count == 1)
                        #expect(try instance.get(bytes(keys[7]), in: events, snapshot: nil) != nil)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try test.get(keys[0]) == "200")
    }
}

extension String {
    /// A number as a key that sorts as numbers do.
    fileprivate init(format number: Int) {
        let digits = "\(number)"
        self = String(repeating: "0", count: 6 - digits.count) + digits
    }
}
