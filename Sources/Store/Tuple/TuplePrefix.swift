/// The first parts of a tuple, and with them the range of all keys that begin so.
///
/// ```swift
/// let ofRoom = TuplePrefix(room)
/// ofRoom.lowerBound ..< ofRoom.upperBound   // every TupleKey(room, user)
/// ```
package struct TuplePrefix: Sendable, Hashable {
    /// The parts' encoding: what each key of the range begins with.
    package let bytes: [UInt8]

    /// The prefix of these parts; with none, that of every tuple.
    package init<each Part: TupleCodable>(_ parts: repeat each Part) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.usualSizeBytes)
        for part in repeat each parts { part.encode(to: &bytes) }
        self.bytes = bytes
    }

    /// Room for an identifier or two and some numbers, so that most keys are built with one allocation.
    private static let usualSizeBytes = 96

    /// The range's first possible key. As in FoundationDB's `range()`, the tuple of the parts alone is before it.
    package var lowerBound: [UInt8] { bytes + [0x00] }

    /// The range's end, which is above every key of it, as no element begins with 0xFF.
    ///
    /// It is not ``strinc(_:)`` of the prefix: below that there are also the tuples whose last part goes on after a zero byte.
    package var upperBound: [UInt8] { bytes + [0xFF] }

    /// The first byte string that is above all those that begin with `prefix`, tuples or not; nil if there is none, with nothing but 0xFF
    /// in it.
    package static func strinc(_ prefix: some BidirectionalCollection<UInt8>) -> [UInt8]? {
        guard let last = prefix.lastIndex(where: { $0 != 0xFF }) else { return nil }
        return prefix[..<last] + [prefix[last] + 1]
    }
}
