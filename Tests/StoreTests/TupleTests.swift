import Testing

@testable import Store

@Suite struct TupleTests {
    /// Beside FoundationDB's own examples, each edge of the encoding.
    static let encodings: [(Tuple, String)] = [
        (Tuple(), ""),
        (Tuple([.null]), "00"),
        (Tuple([.bytes([])]), "0100"),
        (Tuple([.bytes(Array("foo\0bar".utf8))]), "01666f6f00ff62617200"),
        (Tuple([.bytes([0, 0xFF, 0])]), "0100ffff00ff00"),
        (Tuple([.string("F\u{D4}O\0bar")]), "0246c3944f00ff62617200"),
        (Tuple([.tuple([.bytes(Array("foo\0bar".utf8)), .null, .tuple([])])]), "0501666f6f00ff62617200" + "00ff" + "0500" + "00"),
        (Tuple([.tuple([]), .null]), "050000"),
        (Tuple([.integer(0)]), "14"),
        (Tuple([.integer(1)]), "1501"),
        (Tuple([.integer(-1)]), "13fe"),
        (Tuple([.integer(255)]), "15ff"),
        (Tuple([.integer(256)]), "160100"),
        (Tuple([.integer(-5_551_212)]), "11ab4b93"),
        (Tuple([.integer(.max)]), "1c7fffffffffffffff"),
        (Tuple([.integer(.min)]), "0c7fffffffffffffff"),
        (Tuple([big(false, 0x80, 0, 0, 0, 0, 0, 0, 0)]), "1c8000000000000000"),
        (Tuple([big(true, 0x80, 0, 0, 0, 0, 0, 0, 1)]), "0c7ffffffffffffffe"),
        (Tuple([big(false, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)]), "1d08ffffffffffffffff"),
        (Tuple([big(true, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)]), "0bf70000000000000000"),
        (Tuple([big(false, 1, 0, 0, 0, 0, 0, 0, 0, 0)]), "1d09010000000000000000"),
        (Tuple([big(true, 1, 0, 0, 0, 0, 0, 0, 0, 0)]), "0bf6feffffffffffffffff"),
        (Tuple([.float(-42)]), "203dd7ffff"),
        (Tuple([.float(0)]), "2080000000"),
        (Tuple([.float(-0.0)]), "207fffffff"),
        (Tuple([.double(-0.0)]), "217fffffffffffffff"),
        (Tuple([.double(.nan)]), "21fff8000000000000"),
        (Tuple([.bool(false), .bool(true)]), "2627"),
        (Tuple([.uuid(TupleUUID(0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF))]), "3000112233445566778899aabbccddeeff"),
        (Tuple([.versionstamp(Versionstamp(Position(-2), batch: 1, userVersion: 2))]), "33fffffffffffffffe00010002"),
    ]

    private static func big(_ isNegative: Bool, _ magnitude: UInt8...) -> TupleElement {
        BigInteger(isNegative: isNegative, magnitude: magnitude).map(TupleElement.bigInteger) ?? .null
    }

    @Test(arguments: encodings)
    func encodes(_ tuple: Tuple, as encoding: String) throws {
        #expect(tuple.encoded().hexadecimal == encoding)
        #expect(try Tuple(decoding: tuple.encoded()) == tuple)
    }

    @Test func encodedOrderIsTupleOrder() {
        var random = TupleRandom(seed: 5)
        let tuples = random.tuples(count: 5_000).shuffled(using: &random)
        for (left, right) in zip(tuples, tuples.dropFirst()) {
            let (leftBytes, rightBytes) = (left.encoded(), right.encoded())
            #expect((left < right) == leftBytes.lexicographicallyPrecedes(rightBytes))
            #expect((left == right) == (leftBytes == rightBytes))
        }
        #expect(tuples.sorted().map { $0.encoded() } == tuples.map { $0.encoded() }.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(Set(tuples).count == Set(tuples.map { $0.encoded() }).count)
    }

    @Test func floatsHaveATotalOrder() {
        let doubles: [Double] = [-.nan, -.infinity, -1, -.leastNonzeroMagnitude, -0.0, 0, .leastNonzeroMagnitude, 1, .infinity, .nan]
        for (left, right) in zip(doubles, doubles.dropFirst()) {
            #expect(TupleElement.double(left) < .double(right))
        }
        let floats: [Float] = [-.nan, -.infinity, -1, -.leastNonzeroMagnitude, -0.0, 0, .leastNonzeroMagnitude, 1, .infinity, .nan]
        for (left, right) in zip(floats, floats.dropFirst()) {
            #expect(TupleElement.float(left) < .float(right))
        }
        #expect(TupleElement.double(.nan) == .double(.nan))
        #expect(TupleElement.double(0) != .double(-0.0))
    }

    @Test func stringsCompareByTheirBytes() {
        #expect(TupleElement.string("\u{E9}") != .string("e\u{301}"))
        #expect(TupleElement.string("e\u{301}") < .string("\u{E9}"))
        #expect(TupleElement.string("\u{FFFF}") < .string("\u{10000}"))
        #expect(Set([TupleElement.string("\u{E9}"), .string("e\u{301}")]).count == 2)
    }

    @Test func bigIntegersAreOnlyThoseOutsideInt64() {
        #expect(BigInteger(isNegative: false, magnitude: [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]) == nil)
        #expect(BigInteger(isNegative: true, magnitude: [0x80, 0, 0, 0, 0, 0, 0, 0]) == nil)
        #expect(BigInteger(isNegative: false, magnitude: []) == nil)
        #expect(BigInteger(isNegative: false, magnitude: [0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0])?.magnitude.count == 8)
        #expect(BigInteger(isNegative: false, magnitude: [UInt8](repeating: 1, count: 255)) != nil)
        #expect(BigInteger(isNegative: false, magnitude: [UInt8](repeating: 1, count: 256)) == nil)
    }

    @Test(
        arguments: [
            ([0x01], .truncated),
            ([0x02, 0x61, 0x00, 0xFF], .truncated),
            ([0x05, 0x00, 0xFF], .truncated),
            ([0x16, 0x01], .truncated),
            ([0x1D], .truncated),
            ([0x1D, 0x09, 0x01], .truncated),
            ([0x20, 0, 0, 0], .truncated),
            ([0x33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], .truncated),
            ([0x03], .unknownTypeCode(0x03)),
            ([0x0A], .unknownTypeCode(0x0A)),
            ([0x32], .unknownTypeCode(0x32)),
            ([0xFF], .unknownTypeCode(0xFF)),
            ([0x02, 0xC3, 0x00], .invalidUTF8),
            ([0x02, 0xED, 0xA0, 0x80, 0x00], .invalidUTF8),
            ([0x15, 0x00], .nonCanonicalInteger),
            ([0x13, 0xFF], .nonCanonicalInteger),
            ([0x1C] + [UInt8](repeating: 0xFF, count: 8), .nonCanonicalInteger),
            ([0x1D, 0x00], .nonCanonicalInteger),
            ([0x1D, 0x01, 0x01], .nonCanonicalInteger),
            ([0x1D, 0x09, 0x00] + [UInt8](repeating: 0xFF, count: 8), .nonCanonicalInteger),
        ] as [([UInt8], TupleError)])
    func refuses(_ bytes: [UInt8], with error: TupleError) {
        #expect(throws: error) { try Tuple(decoding: bytes) }
    }

    @Test func refusesToNestWithoutEnd() throws {
        #expect(throws: TupleError.nestedTooDeeply) { try Tuple(decoding: [UInt8](repeating: 0x05, count: 200_000)) }
        let deepest = (1..<TupleDecoder.nestingMax).reduce(TupleElement.tuple([])) { nested, _ in .tuple([nested]) }
        #expect(try Tuple(decoding: Tuple([deepest]).encoded()) == Tuple([deepest]))
        #expect(throws: TupleError.nestedTooDeeply) { try Tuple(decoding: Tuple([.tuple([deepest])]).encoded()) }
    }

    @Test func whateverIsAcceptedEncodesBackToTheSameBytes() {
        var random = TupleRandom(seed: 6)
        for tuple in random.tuples(count: 5_000) {
            var bytes = tuple.encoded()
            for _ in 0..<2 {
                guard let index = bytes.indices.randomElement(using: &random) else { continue }
                bytes[index] = UInt8.random(in: 0...255, using: &random)
            }
            guard let damaged = try? Tuple(decoding: bytes) else { continue }
            #expect(damaged.encoded() == bytes)
        }
    }
}
