/// A place in a room's timeline: `from`, `to`, `start`, `end` and `prev_batch`.
///
/// As a string it is the FoundationDB tuple of one versionstamp, with the sub-order as its batch, in base64url without padding:
/// always 18 characters.
package struct PaginationToken: Sendable, Hashable {
    /// The position in the timeline.
    package let position: Position
    /// The order among the events that share the position: 0 for live events.
    package let suborder: UInt16

    /// The token of a place in a timeline.
    package init(_ position: Position, suborder: UInt16 = 0) {
        self.position = position
        self.suborder = suborder
    }
}

extension PaginationToken: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        (left.position, left.suborder) < (right.position, right.suborder)
    }
}

extension PaginationToken: LosslessStringConvertible {
    /// The token that the string stands for; nil if it is not exactly one that ``description`` gives.
    package init?(_ string: String) {
        guard let bytes = Base64URL.decode(string),
            let versionstamp = try? TupleKey<Versionstamp>(decoding: bytes).parts,
            versionstamp.userVersion == 0
        else { return nil }
        self.init(versionstamp.position, suborder: versionstamp.batch)
    }

    package var description: String {
        Base64URL.encode(TupleKey(Versionstamp(position, batch: suborder)).encoded)
    }
}
