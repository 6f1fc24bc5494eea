/// A position as FoundationDB writes it, in 12 bytes: the position (8 bytes, two's complement), a batch and a user version (2 bytes each),
/// all big-endian.
///
/// The order is FoundationDB's, that of the bytes: negative positions are above all others. Compare the positions where that matters.
/// FoundationDB takes a stamp with 0xFF in the first 10 bytes for one that is still to be filled in; here it is position -1, batch 65535.
package struct Versionstamp: Sendable, Hashable {
    /// The place in the database's history.
    package let position: Position
    /// The order among what shares the position.
    package let batch: UInt16
    /// What the user of the tuple layer may set; zero in all tokens.
    package let userVersion: UInt16

    /// The versionstamp of a position.
    package init(_ position: Position, batch: UInt16 = 0, userVersion: UInt16 = 0) {
        self.position = position
        self.batch = batch
        self.userVersion = userVersion
    }
}

extension Versionstamp: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        left.sortable < right.sortable
    }

    private var sortable: (UInt64, UInt16, UInt16) {
        (UInt64(bitPattern: position.value), batch, userVersion)
    }
}

extension Versionstamp: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        bytes.append(TupleTypeCode.versionstamp)
        bytes.appendBigEndian(position.value)
        bytes.appendBigEndian(batch)
        bytes.appendBigEndian(userVersion)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        try decoder.expect(TupleTypeCode.versionstamp)
        position = Position(Int64(bitPattern: try decoder.takeBigEndian(UInt64.self)))
        batch = try decoder.takeBigEndian(UInt16.self)
        userVersion = try decoder.takeBigEndian(UInt16.self)
    }
}
