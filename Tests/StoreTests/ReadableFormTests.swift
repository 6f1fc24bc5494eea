import Testing

@testable import Store

/// Keys and values as people read and write them.
@Suite struct ReadableFormTests {
    private typealias Member = TupleKey<TestShortID, String, String?>

    @Test(
        arguments: [
            (TestMaps.numbers.map, [0, 0, 0, 0, 0, 0, 1, 2], .integer(258)),
            (TestMaps.texts.map, Array("grüß".utf8), .text("grüß")),
            (TestMaps.bytes.map, [0, 0xFF], .bytes([0, 0xFF])),
            (composite.map, Member(TestShortID(number: 7), "a", nil).encoded, .list([.integer(7), .text("a"), .null])),
            (fixed.map, [1, 0, 0, 0, 0, 0, 0, 0, 5], .list([.integer(1), .integer(5)])),
            (CommonMaps.scopePosition.map, Scope(.room, UInt64(9).encoded).encoded, .list([.text("room"), .integer(9)])),
            (CommonMaps.scopePosition.map, Scope(.user, Array("@a:b".utf8)).encoded, .list([.text("user"), .text("@a:b")])),
            (CommonMaps.scopePosition.map, Scope(.device, [1, 2]).encoded, .list([.text("device"), .bytes([1, 2])])),
            (CommonMaps.positionChange.map, Position(12).encoded, .integer(12)),
        ] as [(MapDescriptor, [UInt8], ReadableValue)])
    func keysAreReadAndWritten(_ map: MapDescriptor, _ bytes: [UInt8], _ readable: ReadableValue) throws {
        #expect(try map.entries.readableKey(bytes) == readable)
        #expect(try map.entries.encodeKey(readable) == bytes)
        #expect(try map.entries.keyRange(ofPrefix: readable).contains(bytes))
    }

    @Test func hexadecimalDigitsStandForBytes() throws {
        #expect(try TestMaps.bytes.map.entries.encodeKey(.text("00fF")) == [0, 0xFF])
        for digits in ["0", "0g", "+1", "٠٠"] {
            #expect(throws: ReadableFormError.self) { try TestMaps.bytes.map.entries.encodeKey(.text(digits)) }
        }
        #expect(Hexadecimal.encode([0, 0xAB]) == "00ab")
    }

    @Test func firstPartsAreAPrefix() throws {
        let keys = [(1, "a", nil), (1, "a", "b"), (1, "ab", nil), (2, "a", nil)].map { number, text, last in
            Member(TestShortID(number: number), text, last).encoded
        }
        func found(_ prefix: ReadableValue) throws -> [Int] {
            let range = try Self.composite.map.entries.keyRange(ofPrefix: prefix)
            return keys.indices.filter { range.contains(keys[$0]) }
        }
        #expect(try found(.list([])) == [0, 1, 2, 3])
        #expect(try found(.list([.integer(1)])) == [0, 1, 2])
        #expect(try found(.integer(1)) == [0, 1, 2])
        #expect(try found(.list([.integer(1), .text("a")])) == [0, 1])
        #expect(try found(.list([.integer(1), .text("a"), .null])) == [0])
        #expect(try TestMaps.texts.map.entries.keyRange(ofPrefix: .text("a")).contains(Array("ab".utf8)))
        #expect(try Self.fixed.map.entries.keyRange(ofPrefix: .list([.integer(1)])) == .prefix([1]))
        #expect(try CommonMaps.scopePosition.map.entries.keyRange(ofPrefix: .text("user")) == .prefix([2]))
    }

    @Test(
        arguments: [
            (TestMaps.numbers.map, .text("1"), "integer"), (TestMaps.numbers.map, .integer(-1), "integer"),
            (TestMaps.texts.map, .integer(1), "text"), (TestMaps.bytes.map, .null, "bytes (hexadecimal)"),
            (composite.map, .list([.integer(1), .text("a")]), "[test short ID, text, text or null]"),
            (composite.map, .list([.integer(1), .null, .null]), "[test short ID, text, text or null]"),
            (composite.map, .list([.integer(1), .text("a"), .null, .null]), "[test short ID, text, text or null]"),
            (fixed.map, .integer(1), "[integer, position]"),
            (CommonMaps.scopePosition.map, .list([.text("place"), .text("a")]), "[kind of scope, ID]"),
        ] as [(MapDescriptor, ReadableValue, String)])
    func whatIsInAnotherFormIsRefused(_ map: MapDescriptor, _ readable: ReadableValue, _ expected: String) throws {
        let error = try #require(throws: ReadableFormError.self) { try map.entries.encodeKey(readable) }
        #expect("\(error)" == "what is expected is \(expected)")
        #expect("\(map.entries.keyForm)" == expected)
    }

    @Test func valuesAreReadByTheirTypes() throws {
        let change = Change(kind: 3, scope: Scope(.room, UInt64(1).encoded), key: [9])
        #expect(
            try CommonMaps.positionChange.map.entries.readableValue(change.encoded, at: Position(1).encoded)
                == ["kind": .integer(3), "scope": .list([.text("room"), .integer(1)]), "key": .bytes([9])])
        let global = CommonMaps.global.map.entries
        #expect(try global.readableValue(UInt64(2).encoded, at: "schema_version".encoded) == .integer(2))
        #expect(try global.readableValue("elsewhere".encoded, at: "server_name".encoded) == .bytes("elsewhere".encoded))
    }

    @Test func damageIsNoticed() throws {
        #expect(throws: StoreError.self) { try TestMaps.numbers.map.entries.readableKey([1]) }
        #expect(throws: StoreError.self) { try TestMaps.numbers.map.entries.readableValue([1], at: UInt64(1).encoded) }
        #expect(throws: StoreError.self) { try TestMaps.texts.map.entries.readableKey([0xFF]) }
        #expect(throws: StoreError.self) { try Self.composite.map.entries.readableKey([1, 2, 3]) }
    }

    @Test func mapsAreFoundByName() {
        #expect(TestMaps.schema.map(named: "texts") === TestMaps.texts.map)
        #expect(TestMaps.schema.map(named: "global") === CommonMaps.global.map)
        #expect(TestMaps.schema.map(named: "nothing") == nil)
    }

    @Test func namesOfTypesAreWords() {
        #expect(ReadableForm.words(of: TestShortID.self) == "test short ID")
        #expect(ReadableForm.words(of: Position.self) == "position")
    }

    private static let composite = Column<TupleKey<TestShortID, String, String?>, Empty>("composite", in: "test", .random)
    private static let fixed = Column<FixedKey<UInt8, Position>, Empty>("fixed", in: "test", .random)
}
