/// An integer outside `Int64` with a magnitude of at most 255 bytes: the part of FoundationDB's integers that has no type in Swift.
///
/// It is there to be kept, compared and encoded; there is no arithmetic.
package struct BigInteger: Sendable, Hashable {
    /// The most bytes of a magnitude: its length is encoded in one byte.
    package static let magnitudeSizeMaxBytes = 255

    /// Whether the integer is below zero.
    package let isNegative: Bool
    /// The absolute value, big-endian, without leading zeros: 8 to 255 bytes.
    package let magnitude: [UInt8]

    /// The integer with the given sign and big-endian magnitude, whose leading zeros are ignored.
    ///
    /// Nil if it fits into `Int64` (so that each integer is one ``TupleElement`` only), or if the magnitude is too long.
    package init?(isNegative: Bool, magnitude: some Collection<UInt8>) {
        let magnitude = Array(magnitude.drop { $0 == 0 })
        guard (8...Self.magnitudeSizeMaxBytes).contains(magnitude.count) else { return nil }
        if magnitude.count == 8 {
            let word = magnitude.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let largest = isNegative ? Int64.min.magnitude : Int64.max.magnitude
            guard word > largest else { return nil }
        }
        self.isNegative = isNegative
        self.magnitude = magnitude
    }

    /// The integer with the given sign and magnitude; nil if it fits into `Int64`.
    init?(isNegative: Bool, magnitude: UInt64) {
        self.init(isNegative: isNegative, magnitude: (0..<8).map { UInt8(truncatingIfNeeded: magnitude >> (56 - 8 * $0)) })
    }
}

extension BigInteger: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        guard left.isNegative == right.isNegative else { return left.isNegative }
        let (smaller, larger) = left.isNegative ? (right, left) : (left, right)
        guard smaller.magnitude.count == larger.magnitude.count else { return smaller.magnitude.count < larger.magnitude.count }
        return smaller.magnitude.lexicographicallyPrecedes(larger.magnitude)
    }
}
