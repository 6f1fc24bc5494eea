/// A UUID as a tuple holds it: 16 bytes, in the order in which they are written, which is also the order of UUIDs.
package struct TupleUUID: Sendable, Hashable, Comparable {
    /// The bytes as one big-endian number.
    package let value: UInt128

    /// The UUID whose bytes are those of the number, big-endian.
    package init(_ value: UInt128) {
        self.value = value
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.value < right.value
    }
}

extension TupleUUID: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        bytes.append(TupleTypeCode.uuid)
        bytes.appendBigEndian(value)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        try decoder.expect(TupleTypeCode.uuid)
        self.init(try decoder.takeBigEndian(UInt128.self))
    }
}
