/// A key, or a value, of several parts whose types are known: the tuple of them, encoded as ``Tuple`` encodes it.
///
/// ```swift
/// let members: Column<TupleKey<RoomID, UserID>, Membership>
/// let key = TupleKey(room, user)
/// let (room, user) = try TupleKey<RoomID, UserID>(decoding: key.encoded).parts
/// ```
package struct TupleKey<each Part: TupleCodable & Sendable & Hashable>: Sendable {
    /// The parts, in order.
    package let parts: (repeat each Part)

    /// The key of these parts.
    package init(_ parts: repeat each Part) {
        self.parts = (repeat each parts)
    }

    /// The key that the bytes encode: these parts, and nothing after them.
    package init(decoding bytes: [UInt8]) throws(TupleError) {
        try self.init(decoding: bytes[...])
    }

    /// The key that the bytes encode: these parts, and nothing after them.
    package init(decoding bytes: ArraySlice<UInt8>) throws(TupleError) {
        var decoder = TupleDecoder(bytes)
        // Through the initializer, because the compiler (6.3) crashes on a tuple of a pack's elements when making one of them can throw.
        self.init(repeat try (each Part)(from: &decoder))
        try decoder.finish()
    }

    /// The key's encoding.
    package var encoded: [UInt8] {
        TuplePrefix(repeat each parts).bytes
    }
}

extension TupleKey: Hashable {
    package static func == (left: Self, right: Self) -> Bool {
        for (left, right) in repeat (each left.parts, each right.parts) {
            guard left == right else { return false }
        }
        return true
    }

    package func hash(into hasher: inout Hasher) {
        for part in repeat each parts { hasher.combine(part) }
    }
}
