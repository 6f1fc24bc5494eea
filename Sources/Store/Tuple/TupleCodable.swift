/// A type whose values can be elements of a tuple: parts of a ``TupleKey``.
///
/// ```swift
/// extension DeviceID: TupleCodable {
///     func encode(to bytes: inout [UInt8]) { string.encode(to: &bytes) }
///     init(from decoder: inout TupleDecoder) throws(TupleError) { self.init(try String(from: &decoder)) }
/// }
/// ```
package protocol TupleCodable {
    /// Appends the value as exactly one element.
    func encode(to bytes: inout [UInt8])

    /// Reads exactly one element.
    ///
    /// Throws ``TupleError`` if it is of another type, damaged, or not a value of this type (``TupleError/invalidValue(_:)``).
    init(from decoder: inout TupleDecoder) throws(TupleError)
}

extension String: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        bytes.append(TupleTypeCode.string)
        bytes.appendTerminated(utf8)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        try decoder.expect(TupleTypeCode.string)
        guard let string = String(validating: try decoder.takeTerminated(), as: UTF8.self) else { throw .invalidUTF8 }
        self = string
    }
}

extension Array: TupleCodable where Element == UInt8 {
    package func encode(to bytes: inout [UInt8]) {
        bytes.append(TupleTypeCode.bytes)
        bytes.appendTerminated(self)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        try decoder.expect(TupleTypeCode.bytes)
        self.init(try decoder.takeTerminated())
    }
}

extension Bool: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        bytes.append(self ? TupleTypeCode.true : TupleTypeCode.false)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        let code = try decoder.take()
        guard code == TupleTypeCode.true || code == TupleTypeCode.false else { throw .unexpectedTypeCode(code) }
        self = code == TupleTypeCode.true
    }
}

extension Optional: TupleCodable where Wrapped: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        guard let self else { return bytes.append(TupleTypeCode.null) }
        self.encode(to: &bytes)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        if decoder.isAtNull {
            _ = try decoder.take()
            self = nil
        } else {
            self = try Wrapped(from: &decoder)
        }
    }
}

extension [UInt8] {
    /// Appends the bytes and a terminator, the zeros among them escaped.
    mutating func appendTerminated(_ content: some Collection<UInt8>) {
        if content.contains(TupleTypeCode.terminator) {
            for byte in content {
                append(byte)
                if byte == TupleTypeCode.terminator { append(TupleTypeCode.escape) }
            }
        } else {
            append(contentsOf: content)
        }
        append(TupleTypeCode.terminator)
    }

    /// Appends the last `count` bytes, or all, of the number, big-endian.
    mutating func appendBigEndian<Number: FixedWidthInteger>(_ number: Number, count: Int = Number.bitWidth / 8) {
        for index in (0..<count).reversed() {
            append(UInt8(truncatingIfNeeded: number >> (8 * index)))
        }
    }
}
