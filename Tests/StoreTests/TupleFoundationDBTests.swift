import TestSupport
import Testing

@testable import Store

/// The same tuples through FoundationDB's Python implementation: it has to give the same bytes, and the same order.
@Suite struct TupleFoundationDBTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func randomTuplesHaveFoundationDBsBytesAndOrder(seed: UInt64) throws {
        var random = TupleRandom(seed: seed)
        let tuples = random.tuples(count: 3_000)
        let answers = try foundationDB(tuples)
        try #require(answers.count == tuples.count)

        for (index, (tuple, answer)) in zip(tuples, answers).enumerated() {
            let bytes = tuple.encoded()
            try #require(bytes.hexadecimal == answer.encoded, "\(tuple)")
            try #require(try Tuple(decoding: bytes) == tuple, "\(tuple)")
            guard index > 0 else { continue }
            let previous = tuples[index - 1]
            try #require((previous < tuple ? -1 : previous == tuple ? 0 : 1) == answer.order, "\(previous) and \(tuple)")
        }
    }

    @Test func tokensAreFoundationDBsTuples() throws {
        let token = SyncToken(rooms: Position(1), accounts: Position(.max), transitory: Position(0x0102_0304_0506_0708))
        let answers = try foundationDB([
            Tuple([.versionstamp(token.rooms), .versionstamp(token.accounts), .versionstamp(token.transitory)]),
            Tuple([.versionstamp(Versionstamp(Position(-5), batch: 7))]),
        ])
        #expect(Base64URL.decode(token.description)?.hexadecimal == answers[0].encoded)
        #expect(Base64URL.decode(PaginationToken(Position(-5), suborder: 7).description)?.hexadecimal == answers[1].encoded)
    }

    /// What FoundationDB makes of each tuple: its encoding, and its order against the one before (-1: that one is smaller).
    private func foundationDB(_ tuples: [Tuple]) throws -> [(encoded: String, order: Int)] {
        let python = try PythonEnvironment.python(with: ["foundationdb"])
        let input = tuples.map { Self.python($0.elements) }.joined(separator: "\n")
        let result = try PythonEnvironment.run([python, "-c", Self.script], input: input)
        try #require(result.status == 0, "\(result.stderr)")
        return result.stdout.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            return Int(fields[1]).map { (String(fields[0]), $0) }
        }
    }

    /// Reads tuples, an expression on each line. The tuple module asks for a type of the client library's, which is not needed here.
    private static let script = """
        import ctypes, struct, sys, types, uuid
        import fdb, fdb.tuple as t
        fdb.impl = types.SimpleNamespace(Value=type(None))

        H = bytes.fromhex
        names = {
            "B": H,
            "S": lambda digits: H(digits).decode("utf-8"),
            "I": lambda digits: int(digits, 16),
            "F": lambda digits: t.SingleFloat(ctypes.c_float.from_buffer_copy(H(digits)[::-1])),
            "D": lambda digits: struct.unpack(">d", H(digits))[0],
            "U": lambda digits: uuid.UUID(digits),
            "V": lambda digits: t.Versionstamp.from_bytes(H(digits)),
        }
        previous = ()
        for line in sys.stdin:
            value = eval(line, names)
            encoded = t.pack(value)
            assert t.pack(t.unpack(encoded)) == encoded, line
            print(encoded.hex(), t.compare(previous, value))
            previous = value
        """

    private static func python(_ elements: [TupleElement]) -> String {
        "(" + elements.map { python($0) + "," }.joined() + ")"
    }

    private static func python(_ element: TupleElement) -> String {
        switch element {
        case .null: "None"
        case .bytes(let value): "B('\(value.hexadecimal)')"
        case .string(let value): "S('\(Array(value.utf8).hexadecimal)')"
        case .tuple(let value): python(value)
        case .integer(let value): String(value)
        case .bigInteger(let value): "I('\(value.isNegative ? "-" : "")\(value.magnitude.hexadecimal)')"
        case .float(let value): "F('\(digits(value.bitPattern))')"
        case .double(let value): "D('\(digits(value.bitPattern))')"
        case .bool(let value): value ? "True" : "False"
        case .uuid(let value): "U('\(digits(value.value))')"
        case .versionstamp(let value):
            "V('\(digits(UInt64(bitPattern: value.position.value)))\(digits(value.batch))\(digits(value.userVersion))')"
        }
    }

    private static func digits<Number: FixedWidthInteger>(_ number: Number) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: Number.bitWidth / 4 - digits.count) + digits
    }
}
