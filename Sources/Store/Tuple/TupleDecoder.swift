/// Reads an encoded tuple from front to back, element by element.
///
/// ```swift
/// var decoder = TupleDecoder(key)
/// let user = try String(from: &decoder)
/// let device = try String?(from: &decoder)
/// try decoder.finish()
/// ```
package struct TupleDecoder {
    /// How deep tuples may stand in each other. Decoding recurses, and damaged bytes must not exhaust the stack.
    package static let nestingMax = 100

    private var rest: ArraySlice<UInt8>

    /// A decoder at the first element of the tuple.
    package init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// A decoder at the first element of the tuple.
    package init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    /// Whether all elements were read.
    package var isAtEnd: Bool { rest.isEmpty }

    /// Whether the next element is a null. It is not read.
    package var isAtNull: Bool { rest.first == TupleTypeCode.null }

    /// Checks that all elements were read.
    package func finish() throws(TupleError) {
        guard isAtEnd else { throw .trailingBytes }
    }

    /// Reads the next element, whatever it is.
    package mutating func element() throws(TupleError) -> TupleElement {
        try element(depth: 0)
    }

    private mutating func element(depth: Int) throws(TupleError) -> TupleElement {
        switch rest.first {
        case nil:
            throw .truncated
        case TupleTypeCode.null:
            _ = try take()
            return .null
        case TupleTypeCode.bytes:
            return .bytes(try [UInt8](from: &self))
        case TupleTypeCode.string:
            return .string(try String(from: &self))
        case TupleTypeCode.tuple:
            return .tuple(try nestedTuple(depth: depth + 1))
        case (TupleTypeCode.longNegative...TupleTypeCode.longPositive)?:
            return try integer().element
        case TupleTypeCode.float:
            return .float(try Float(from: &self))
        case TupleTypeCode.double:
            return .double(try Double(from: &self))
        case TupleTypeCode.false, TupleTypeCode.true:
            return .bool(try Bool(from: &self))
        case TupleTypeCode.uuid:
            return .uuid(try TupleUUID(from: &self))
        case TupleTypeCode.versionstamp:
            return .versionstamp(try Versionstamp(from: &self))
        case let code?:
            throw .unknownTypeCode(code)
        }
    }

    private mutating func nestedTuple(depth: Int) throws(TupleError) -> [TupleElement] {
        guard depth <= Self.nestingMax else { throw .nestedTooDeeply }
        try expect(TupleTypeCode.tuple)
        var elements: [TupleElement] = []
        while true {
            if isAtNull {
                _ = try take()
                guard rest.first == TupleTypeCode.escape else { return elements }
                _ = try take()
                elements.append(.null)
            } else {
                elements.append(try element(depth: depth))
            }
        }
    }
}

// What the types' conformances to TupleCodable are made of.
extension TupleDecoder {
    /// Reads one byte.
    mutating func take() throws(TupleError) -> UInt8 {
        guard let byte = rest.popFirst() else { throw .truncated }
        return byte
    }

    /// Reads `count` bytes.
    mutating func take(_ count: Int) throws(TupleError) -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw .truncated }
        defer { rest.removeFirst(count) }
        return rest.prefix(count)
    }

    /// Reads a big-endian number of the type's size.
    mutating func takeBigEndian<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type) throws(TupleError) -> Number {
        try take(Number.bitWidth / 8).reduce(0) { $0 << 8 | Number($1) }
    }

    /// Reads the type code of the next element, which has to be this one.
    mutating func expect(_ code: UInt8) throws(TupleError) {
        guard let found = rest.first else { throw .truncated }
        guard found == code else { throw .unexpectedTypeCode(found) }
        rest.removeFirst()
    }

    /// Reads up to the terminator and past it, and gives the bytes before it; those of the input itself where none was escaped.
    mutating func takeTerminated() throws(TupleError) -> ArraySlice<UInt8> {
        var unescaped: [UInt8] = []
        while let zero = rest.firstIndex(of: TupleTypeCode.terminator) {
            let run = rest[..<zero]
            rest = rest[(zero + 1)...]
            guard rest.first == TupleTypeCode.escape else {
                return unescaped.isEmpty ? run : (unescaped + run)[...]
            }
            rest.removeFirst()
            unescaped += run
            unescaped.append(0)
        }
        throw .truncated
    }

    /// An integer element of any size.
    enum Integer {
        case word(isNegative: Bool, magnitude: UInt64)
        case long(BigInteger)

        /// The integer as an element: a big one only if it is outside `Int64`.
        var element: TupleElement {
            switch self {
            case .word(let isNegative, let magnitude):
                if let big = BigInteger(isNegative: isNegative, magnitude: magnitude) { return .bigInteger(big) }
                return .integer(Int64(truncatingIfNeeded: isNegative ? 0 &- magnitude : magnitude))
            case .long(let big):
                return .bigInteger(big)
            }
        }
    }

    /// Reads an integer.
    mutating func integer() throws(TupleError) -> Integer {
        guard let code = rest.first else { throw .truncated }
        guard (TupleTypeCode.longNegative...TupleTypeCode.longPositive).contains(code) else { throw .unexpectedTypeCode(code) }
        rest.removeFirst()
        let isNegative = code < TupleTypeCode.zero
        // A negative integer's length and magnitude are written with all bits flipped, so that they sort downwards.
        let mask: UInt8 = isNegative ? 0xFF : 0
        let isLong = code == TupleTypeCode.longNegative || code == TupleTypeCode.longPositive
        let count = isLong ? Int(try take() ^ mask) : abs(Int(code) - Int(TupleTypeCode.zero))
        let magnitude = try take(count)
        guard count == 0 || magnitude.first != mask else { throw .nonCanonicalInteger }

        if count <= 8 {
            let word = magnitude.reduce(UInt64(0)) { $0 << 8 | UInt64($1 ^ mask) }
            guard isLong == (word == .max) else { throw .nonCanonicalInteger }
            return .word(isNegative: isNegative, magnitude: word)
        }
        guard let big = BigInteger(isNegative: isNegative, magnitude: magnitude.map { $0 ^ mask }) else { throw .nonCanonicalInteger }
        return .long(big)
    }
}
