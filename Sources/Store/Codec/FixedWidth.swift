/// A value that always takes the same number of bytes, big-endian, so that bytes sort as values do.
package protocol FixedWidth: StoreCodable, Hashable {
    /// The number of bytes.
    static var width: Int { get }

    /// Appends the value's bytes.
    func encodeFixedWidth(to bytes: inout [UInt8])

    /// Reads the value from a slice of exactly `width` bytes.
    init(fixedWidth bytes: ArraySlice<UInt8>)
}

extension FixedWidth {
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.width)
        encodeFixedWidth(to: &bytes)
        return bytes
    }

    package init(encoded bytes: [UInt8]) throws {
        guard bytes.count == Self.width else { throw StoreError.undecodable(bytes, as: "\(Self.self)") }
        self.init(fixedWidth: bytes[...])
    }
}

extension UInt64: FixedWidth {
    package static var width: Int { 8 }

    package func encodeFixedWidth(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: bigEndian) { bytes.append(contentsOf: $0) }
    }

    package init(fixedWidth bytes: ArraySlice<UInt8>) {
        precondition(bytes.count == Self.width)
        self = bytes.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
    }
}

/// The sign bit is flipped, so that negative numbers sort before positive ones.
extension Int64: FixedWidth {
    package static var width: Int { 8 }

    package func encodeFixedWidth(to bytes: inout [UInt8]) {
        (UInt64(bitPattern: self) ^ (1 << 63)).encodeFixedWidth(to: &bytes)
    }

    package init(fixedWidth bytes: ArraySlice<UInt8>) {
        self = Int64(bitPattern: UInt64(fixedWidth: bytes) ^ (1 << 63))
    }
}

extension UInt8: FixedWidth {
    package static var width: Int { 1 }

    package func encodeFixedWidth(to bytes: inout [UInt8]) {
        bytes.append(self)
    }

    package init(fixedWidth bytes: ArraySlice<UInt8>) {
        self = bytes[bytes.startIndex]
    }
}

/// Positions are never negative, so their plain big-endian bytes sort.
extension Position: FixedWidth {
    package static var width: Int { 8 }

    package func encodeFixedWidth(to bytes: inout [UInt8]) {
        UInt64(bitPattern: value).encodeFixedWidth(to: &bytes)
    }

    package init(fixedWidth bytes: ArraySlice<UInt8>) {
        self.init(Int64(bitPattern: UInt64(fixedWidth: bytes)))
    }
}

/// In a tuple, a position is an integer.
extension Position: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        value.encode(to: &bytes)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        self.init(try Int64(from: &decoder))
    }
}

/// Several fixed-width values one after the other, as a key or as a value.
package struct FixedKey<each Part: FixedWidth>: StoreCodable {
    /// The parts in their order.
    package let parts: (repeat each Part)

    package init(_ part: repeat each Part) {
        parts = (repeat each part)
    }

    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for part in repeat each parts { part.encodeFixedWidth(to: &bytes) }
        return bytes
    }

    package init(encoded bytes: [UInt8]) throws {
        var width = 0
        for part in repeat (each Part).self { width += part.width }
        guard bytes.count == width else { throw StoreError.undecodable(bytes, as: "\(Self.self)") }
        var start = 0
        func take<Value: FixedWidth>(_ type: Value.Type) -> Value {
            defer { start += Value.width }
            return Value(fixedWidth: bytes[start..<start + Value.width])
        }
        parts = (repeat take((each Part).self))
    }
}

/// A number from its database's counter, in place of a long identifier.
package protocol ShortID: FixedWidth, Comparable, TupleCodable {
    var number: UInt64 { get }
    init(number: UInt64)
}

extension ShortID {
    package static var width: Int { 8 }

    package func encodeFixedWidth(to bytes: inout [UInt8]) {
        number.encodeFixedWidth(to: &bytes)
    }

    package init(fixedWidth bytes: ArraySlice<UInt8>) {
        self.init(number: UInt64(fixedWidth: bytes))
    }

    package func encode(to bytes: inout [UInt8]) {
        number.encode(to: &bytes)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        self.init(number: try UInt64(from: &decoder))
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.number < right.number
    }
}
