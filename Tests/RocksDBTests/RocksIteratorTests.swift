import RocksDB
import TestSupport
import Testing

@Suite struct RocksIteratorTests {
    /// An instance with the keys b, d, f, h, half of them in a table file.
    private func makeInstance(at path: String) throws -> TestInstance {
        let test = try TestInstance(path)
        try test.put(["b": "1", "f": "3"])
        try test.instance.flush(test.events)
        try test.put(["d": "2", "h": "4"])
        return test
    }

    private func makeIterator(_ test: TestInstance, from lower: String? = nil, to upper: String? = nil) -> RocksIterator {
        test.instance.makeIterator(in: test.events, snapshot: nil, lowerBound: lower.map(bytes), upperBound: upper.map(bytes))
    }

    @Test func goesBothWays() throws {
        let directory = try TemporaryDirectory()
        let iterator = makeIterator(try makeInstance(at: directory.path))
        #expect(!iterator.isValid)

        var forward: [String?] = []
        iterator.seekToFirst()
        while iterator.isValid {
            forward.append(text(iterator.value))
            iterator.next()
        }
        #expect(forward == ["1", "2", "3", "4"])
        iterator.next()
        #expect(!iterator.isValid)

        var backward: [String?] = []
        iterator.seekToLast()
        while iterator.isValid {
            backward.append(text(iterator.key))
            iterator.previous()
        }
        #expect(backward == ["h", "f", "d", "b"])
        iterator.previous()
        #expect(!iterator.isValid)

        iterator.seek(to: bytes("d"))
        iterator.next()
        iterator.previous()
        iterator.previous()
        #expect(iterator.key == bytes("b"))
        try iterator.checkStatus()
    }

    @Test(arguments: [("a", "b"), ("b", "b"), ("c", "d"), ("h", "h"), ("i", nil), ("", "b")])
    func seekFindsTheKeyOrTheNext(target: String, found: String?) throws {
        let directory = try TemporaryDirectory()
        let iterator = makeIterator(try makeInstance(at: directory.path))
        iterator.seek(to: bytes(target))
        #expect((iterator.isValid ? text(iterator.key) : nil) == found)
    }

    @Test(arguments: [("a", nil), ("b", "b"), ("c", "b"), ("h", "h"), ("i", "h"), ("", nil)])
    func seekForPrevFindsTheKeyOrTheOneBefore(target: String, found: String?) throws {
        let directory = try TemporaryDirectory()
        let iterator = makeIterator(try makeInstance(at: directory.path))
        iterator.seekForPrev(bytes(target))
        #expect((iterator.isValid ? text(iterator.key) : nil) == found)
    }

    @Test(
        arguments: [
            ("b", "h", ["b", "d", "f"]), ("c", "g", ["d", "f"]), ("d", nil, ["d", "f", "h"]), (nil, "d", ["b"]), ("a", "b", []),
            ("i", nil, []), ("d", "d", []), ("g", "c", []), ("", "z", ["b", "d", "f", "h"]), (nil, "", []),
        ] as [(String?, String?, [String])])
    func boundsHoldInBothDirections(lower: String?, upper: String?, keys: [String]) throws {
        let directory = try TemporaryDirectory()
        let iterator = makeIterator(try makeInstance(at: directory.path), from: lower, to: upper)
        var forward: [String?] = []
        iterator.seekToFirst()
        while iterator.isValid {
            forward.append(text(iterator.key))
            iterator.next()
        }
        #expect(forward == keys)
        var backward: [String?] = []
        iterator.seekToLast()
        while iterator.isValid {
            backward.append(text(iterator.key))
            iterator.previous()
        }
        #expect(backward == keys.reversed())
        try iterator.checkStatus()
    }

    @Test func seeksOutsideTheBoundsStayInside() throws {
        let directory = try TemporaryDirectory()
        let iterator = makeIterator(try makeInstance(at: directory.path), from: "c", to: "g")
        iterator.seek(to: bytes("a"))
        #expect(iterator.key == bytes("d"))
        iterator.seekForPrev(bytes("z"))
        #expect(iterator.key == bytes("f"))
        iterator.seek(to: bytes("g"))
        #expect(!iterator.isValid)
        iterator.seekForPrev(bytes("b"))
        #expect(!iterator.isValid)
        try iterator.checkStatus()
    }

    @Test func seesTheStateAtItsMaking() throws {
        let directory = try TemporaryDirectory()
        let test = try makeInstance(at: directory.path)
        let iterator = makeIterator(test)
        try test.put(["a": "0", "b": "9"])
        iterator.seekToFirst()
        #expect(iterator.key == bytes("b"))
        #expect(iterator.value == bytes("1"))
    }

    @Test func aPrefixExtractorHidesNothing() throws {
        let directory = try TemporaryDirectory()
        var options = ColumnFamilyOptions()
        options.prefixLength = 2
        options.filter = .bloom(bitsPerKey: 10)
        options.memtableBloomRatio = 0.1
        let test = try TestInstance(directory.path, families: [("events", options), ("rooms", options)])
        let keys = ["a", "aa1", "aa2", "ab1", "b", "bb1", "zz9"]
        for (index, key) in keys.enumerated() {
            try test.put([key: "1"])
            if index == 3 { try test.instance.flush(test.events) }
        }
        #expect(try test.keys() == keys)
        #expect(try test.keys(from: "aa2", to: "bb") == ["aa2", "ab1", "b"])
        let iterator = makeIterator(test)
        iterator.seekForPrev(bytes("az"))
        #expect(iterator.key == bytes("ab1"))
        iterator.seek(to: bytes("ac"))
        #expect(iterator.key == bytes("b"))
    }

    @Test func givesItsBytesWithoutACopy() throws {
        let directory = try TemporaryDirectory()
        let iterator = makeIterator(try makeInstance(at: directory.path))
        iterator.seek(to: bytes("d"))
        #expect(iterator.withKey { $0.elementsEqual(bytes("d")) })
        #expect(iterator.withValue { $0.elementsEqual(bytes("2")) })

        struct Refusal: Error {}
        #expect(throws: Refusal.self) { try iterator.withValue { _ throws(Refusal) in throw Refusal() } }
    }
}
