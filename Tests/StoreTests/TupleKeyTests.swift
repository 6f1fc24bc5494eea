import Testing

@testable import Store

@Suite struct TupleKeyTests {
    /// An identifier as other modules have them.
    struct Name: Hashable, TupleCodable {
        let string: String

        init(_ string: String) {
            self.string = string
        }

        func encode(to bytes: inout [UInt8]) {
            string.encode(to: &bytes)
        }

        init(from decoder: inout TupleDecoder) throws(TupleError) {
            string = try String(from: &decoder)
            guard string.hasPrefix("@") else { throw .invalidValue(string) }
        }
    }

    @Test func hasTheEncodingOfItsTuple() throws {
        let name = Name("@alice:example.org")
        let stamp = Versionstamp(Position(7), batch: 1)
        let key = TupleKey("a\0b", [0, 1] as [UInt8], Int64.min, UInt64.max, -3, true, 0.5, stamp, name, String?.none, Int?(5))
        let maximum = try #require(BigInteger(isNegative: false, magnitude: [UInt8](repeating: 0xFF, count: 8)))
        let tuple = Tuple([
            .string("a\0b"), .bytes([0, 1]), .integer(.min), .bigInteger(maximum), .integer(-3), .bool(true), .double(0.5),
            .versionstamp(stamp), .string("@alice:example.org"), .null, .integer(5),
        ])
        #expect(key.encoded == tuple.encoded())
        #expect(try type(of: key).init(decoding: key.encoded) == key)
        #expect(Set([key, try type(of: key).init(decoding: key.encoded)]).count == 1)
    }

    @Test func givesItsParts() throws {
        let key = TupleKey("!room:example.org", UInt64(7))
        let (room, number) = try TupleKey<String, UInt64>(decoding: key.encoded).parts
        #expect(room == "!room:example.org")
        #expect(number == 7)
        let alone = try TupleKey<String>(decoding: TupleKey("alone").encoded).parts
        #expect(alone == "alone")
    }

    @Test func decodesASliceOfALongerString() throws {
        let bytes = [0xAA] + TupleKey("x", 300).encoded + [0xBB]
        #expect(try TupleKey<String, Int>(decoding: bytes[1..<(bytes.count - 1)]) == TupleKey("x", 300))
    }

    @Test func refusesWhatIsNotItsParts() {
        let key = TupleKey("room", 5)
        #expect(throws: TupleError.truncated) { try TupleKey<String, Int, Int>(decoding: key.encoded) }
        #expect(throws: TupleError.trailingBytes) { try TupleKey<String>(decoding: key.encoded) }
        #expect(throws: TupleError.unexpectedTypeCode(0x15)) { try TupleKey<String, String>(decoding: key.encoded) }
        #expect(throws: TupleError.unexpectedTypeCode(0x02)) { try TupleKey<Bool, Int>(decoding: key.encoded) }
        #expect(throws: TupleError.unexpectedTypeCode(0x02)) { try TupleKey<Int, Int>(decoding: key.encoded) }
        #expect(throws: TupleError.unexpectedTypeCode(0x00)) { try TupleKey<String>(decoding: TupleKey(String?.none).encoded) }
        #expect(throws: TupleError.invalidValue("room")) { try TupleKey<Name, Int>(decoding: key.encoded) }
        #expect(throws: TupleError.integerOutOfRange) { try TupleKey<UInt64>(decoding: TupleKey(-1).encoded) }
        #expect(throws: TupleError.integerOutOfRange) { try TupleKey<Int64>(decoding: TupleKey(UInt64.max).encoded) }
        #expect(throws: TupleError.integerOutOfRange) { try TupleKey<Int>(decoding: TupleKey(UInt64(1) << 63).encoded) }
        #expect(throws: TupleError.integerOutOfRange) { try TupleKey<BigInteger>(decoding: TupleKey(1).encoded) }
    }

    @Test func typedIntegersKeepTheirEdges() throws {
        for value: Int64 in [.min, .min + 1, -257, -256, -255, -1, 0, 1, 255, 256, .max] {
            #expect(try TupleKey<Int64>(decoding: TupleKey(value).encoded) == TupleKey(value))
        }
        for value: UInt64 in [.max, .max - 1, 1 << 63, 0] {
            #expect(try TupleKey<UInt64>(decoding: TupleKey(value).encoded) == TupleKey(value))
        }
    }

    @Test func aPrefixHasTheKeysThatBeginWithIt() {
        let prefix = TuplePrefix("room")
        #expect(prefix.bytes == TupleKey("room").encoded)

        func contains(_ key: [UInt8]) -> Bool {
            !key.lexicographicallyPrecedes(prefix.lowerBound) && key.lexicographicallyPrecedes(prefix.upperBound)
        }
        #expect(contains(TupleKey("room", String?.none).encoded))
        #expect(contains(TupleKey("room", "").encoded))
        #expect(contains(TupleKey("room", Versionstamp(Position(-1), batch: .max)).encoded))
        #expect(contains(TupleKey("room", 1, "x").encoded))
        #expect(!contains(TupleKey("room").encoded))
        #expect(!contains(TupleKey("roo", "m").encoded))
        #expect(!contains(TupleKey("rooms", "x").encoded))
        #expect(!contains(TupleKey("room\0", "x").encoded))
        #expect(!contains(TupleKey("room\0more", "x").encoded))
    }

    @Test func strincIsTheNextStringThatBeginsOtherwise() {
        #expect(TuplePrefix.strinc([1, 2]) == [1, 3])
        #expect(TuplePrefix.strinc([1, 0xFE]) == [1, 0xFF])
        #expect(TuplePrefix.strinc([1, 0xFF, 0xFF]) == [2])
        #expect(TuplePrefix.strinc([0xFF, 0xFF]) == nil)
        #expect(TuplePrefix.strinc([]) == nil)
        #expect(TuplePrefix.strinc([9, 1, 0xFF][1...]) == [2])
    }
}
