// Integers and floating-point numbers as elements of a tuple.

extension Int64: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        bytes.appendInteger(isNegative: self < 0, magnitude: magnitude)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        guard case .integer(let value) = try decoder.integer().element else { throw .integerOutOfRange }
        self = value
    }
}

extension Int: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        Int64(self).encode(to: &bytes)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        guard let value = Int(exactly: try Int64(from: &decoder)) else { throw .integerOutOfRange }
        self = value
    }
}

extension UInt64: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        bytes.appendInteger(isNegative: false, magnitude: self)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        guard case .word(isNegative: false, let magnitude) = try decoder.integer() else { throw .integerOutOfRange }
        self = magnitude
    }
}

extension BigInteger: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        if magnitude.count == 8 {
            bytes.appendInteger(isNegative: isNegative, magnitude: magnitude.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        } else {
            bytes.appendLongInteger(isNegative: isNegative, magnitude: magnitude)
        }
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        guard case .bigInteger(let value) = try decoder.integer().element else { throw .integerOutOfRange }
        self = value
    }
}

extension Float: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        bytes.append(TupleTypeCode.float)
        bytes.appendBigEndian(sortableBits)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        try decoder.expect(TupleTypeCode.float)
        self.init(sortableBits: try decoder.takeBigEndian(UInt32.self))
    }

    /// The bits, changed so that as an unsigned number they sort as the values do.
    var sortableBits: UInt32 {
        bitPattern ^ (sign == .minus ? .max : 1 << 31)
    }

    private init(sortableBits bits: UInt32) {
        self.init(bitPattern: bits ^ (bits >> 31 == 0 ? .max : 1 << 31))
    }
}

extension Double: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        bytes.append(TupleTypeCode.double)
        bytes.appendBigEndian(sortableBits)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        try decoder.expect(TupleTypeCode.double)
        self.init(sortableBits: try decoder.takeBigEndian(UInt64.self))
    }

    /// The bits, changed so that as an unsigned number they sort as the values do.
    var sortableBits: UInt64 {
        bitPattern ^ (sign == .minus ? .max : 1 << 63)
    }

    private init(sortableBits bits: UInt64) {
        self.init(bitPattern: bits ^ (bits >> 63 == 0 ? .max : 1 << 63))
    }
}

extension [UInt8] {
    /// Appends an integer element with a magnitude of at most 8 bytes.
    fileprivate mutating func appendInteger(isNegative: Bool, magnitude: UInt64) {
        guard magnitude != .max else {
            // FoundationDB's Python implementation gives ±(2^64 - 1), though it fits into 8 bytes, the form of longer ones.
            return appendLongInteger(isNegative: isNegative, magnitude: [UInt8](repeating: 0xFF, count: 8))
        }
        let count = (UInt64.bitWidth - magnitude.leadingZeroBitCount + 7) / 8
        append(isNegative ? TupleTypeCode.zero - UInt8(count) : TupleTypeCode.zero + UInt8(count))
        appendBigEndian(isNegative ? ~magnitude : magnitude, count: count)
    }

    /// Appends an integer element in the form that gives the magnitude's length.
    fileprivate mutating func appendLongInteger(isNegative: Bool, magnitude: [UInt8]) {
        let mask: UInt8 = isNegative ? 0xFF : 0
        append(isNegative ? TupleTypeCode.longNegative : TupleTypeCode.longPositive)
        append(UInt8(magnitude.count) ^ mask)
        append(contentsOf: magnitude.lazy.map { $0 ^ mask })
    }
}
