import StoreTestSupport
import TestSupport
import Testing

@testable import Store

@Suite struct CodecTests {
    private static let unsigned: [UInt64] = [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 1 << 32, 1 << 63 - 1, 1 << 63, .max - 1, .max]

    @Test func fixedWidthBytesSortAsTheirValues() throws {
        try expectOrder(Self.unsigned)
        try expectOrder([Int64.min, .min + 1, -1 << 32, -256, -255, -1, 0, 1, 255, 256, 1 << 32, .max])
        try expectOrder([0, 1, 255, 256, 1 << 47, Int64.max].map { Position($0) })
        try expectOrder((UInt8.min...UInt8.max).map { $0 })
        try expectOrder(Self.unsigned.map { TestShortID(number: $0) })
        var generator = SplitMix64(seed: 9)
        try expectOrder(Set((0..<500).map { _ in Int64(truncatingIfNeeded: generator.next()) }).sorted())
    }

    private func expectOrder<Value: FixedWidth & Comparable>(_ ascending: [Value]) throws {
        for (lower, upper) in zip(ascending, ascending.dropFirst()) {
            #expect(ByteOrder.precedes(lower.encoded, upper.encoded), "\(lower) \(upper)")
        }
        for value in ascending {
            #expect(value.encoded.count == Value.width)
            #expect(try Value(encoded: value.encoded) == value)
        }
    }

    @Test func fixedWidthRefusesOtherWidths() {
        #expect(throws: StoreError.self) { try UInt64(encoded: [1, 2, 3]) }
        #expect(throws: StoreError.self) { try Position(encoded: []) }
        #expect(throws: StoreError.self) { try FixedKey<UInt64, UInt8>(encoded: [UInt8](repeating: 0, count: 8)) }
    }

    @Test func fixedKeysHoldTheirParts() throws {
        let key = FixedKey(UInt64(7), UInt8(255), Position(1 << 40), Int64(-2))
        #expect(key.encoded.count == 25)
        let parts = try FixedKey<UInt64, UInt8, Position, Int64>(encoded: key.encoded).parts
        #expect(parts == (7, 255, Position(1 << 40), -2))
    }

    @Test func textIsItsUTF8() throws {
        #expect("Zoë".encoded == [0x5A, 0x6F, 0xC3, 0xAB])
        #expect(try String(encoded: [0x5A, 0x6F, 0xC3, 0xAB]) == "Zoë")
        #expect(throws: StoreError.self) { try String(encoded: [0xC3]) }
        #expect(throws: StoreError.self) { try Empty(encoded: [0]) }
    }

    @Test(arguments: [Scope.Kind.room, .user, .device, .server, .stream])
    func scopesAndChangesComeBack(kind: Scope.Kind) throws {
        for length in [0, 1, 255, 256, 300] {
            let scope = Scope(kind, [UInt8](repeating: 0xFE, count: length))
            #expect(try Scope(encoded: scope.encoded) == scope)
            for key: [UInt8] in [[], [0], [UInt8](repeating: 3, count: 1000)] {
                let change = Change(kind: 200, scope: scope, key: key)
                #expect(try Change(encoded: change.encoded) == change)
            }
        }
    }

    @Test(arguments: [[], [0], [9, 1], [1, 1, 0], [1, 9, 0, 0], [1, 1, 0, 2, 7]] as [[UInt8]])
    func otherBytesAreNoChange(bytes: [UInt8]) {
        #expect(throws: StoreError.self) { try Change(encoded: bytes) }
    }

    @Test(arguments: [[], [0], [9, 1]] as [[UInt8]])
    func otherBytesAreNoScope(bytes: [UInt8]) {
        #expect(throws: StoreError.self) { try Scope(encoded: bytes) }
    }

    @Test func prefixesHoldWhatBeginsWithThem() {
        let range = KeyRange.prefix([1, 0xFF])
        #expect(range == KeyRange(lower: [1, 0xFF], upper: [2]))
        #expect(range.contains([1, 0xFF]) && range.contains([1, 0xFF, 0xFF, 0xFF]))
        #expect(!range.contains([1, 0xFE, 0xFF]) && !range.contains([2]))
        #expect(KeyRange.prefix([0xFF, 0xFF]) == KeyRange(lower: [0xFF, 0xFF], upper: nil))
        #expect(KeyRange.prefix([]) == .all)
        #expect(KeyRange.fixed(UInt8(1), UInt8(2)) == KeyRange(lower: [1, 2], upper: [1, 3]))
    }

    @Test func tuplesHoldLongerTuplesOnly() {
        let range = KeyRange.tuples("room")
        #expect(range.contains(TupleKey("room", "").encoded))
        #expect(range.contains(TupleKey("room", UInt64.max).encoded))
        #expect(!range.contains(TupleKey("room").encoded))
        #expect(!range.contains(TupleKey("rooms", "").encoded))
        #expect(!range.contains(TupleKey("room\0", "").encoded))
    }

    @Test func partsOfARangeStayInside() {
        let range = KeyRange(lower: [2], upper: [5])
        #expect(range.from([3]) == KeyRange(lower: [3], upper: [5]))
        #expect(range.from([1]) == range)
        #expect(range.below([4]) == KeyRange(lower: [2], upper: [4]))
        #expect(range.below([6]) == range)
        #expect(KeyRange.all.below([4]) == KeyRange(lower: [], upper: [4]))
        // Nothing is left of these.
        for empty in [range.from([7]), range.below([1]), range.from([5]), range.below([2])] {
            for key in 0...255 as ClosedRange<UInt8> { #expect(!empty.contains([key])) }
        }
    }

    @Test func bytesSortWithPrefixesFirst() {
        let ascending: [[UInt8]] = [[], [0], [0, 0], [0, 0xFF], [1], [0x7F], [0x80], [0xFF], [0xFF, 0]]
        for (lower, upper) in zip(ascending, ascending.dropFirst()) {
            #expect(ByteOrder.compare(lower, upper) < 0)
            #expect(ByteOrder.compare(upper, lower) > 0)
            #expect(ByteOrder.compare(lower, lower) == 0)
        }
    }
}
