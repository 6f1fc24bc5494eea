import Store
import StoredIdentifiers

/// Receipts, and the index of them by user.
extension RoomsVerification {
    static func receipts(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        func index(_ receipt: ReadReceipt) -> String { receipt.thread?.string ?? "" }
        try check.each(
            Maps.receipts, has: Maps.readPositions,
            at: { TupleKey($0.parts.0, $0.parts.2, ReadReceipt.Kind.read.rawValue, index($1)) },
            where: { $2.parts == ($0.parts.1, $1.order) })
        try check.each(
            Maps.privateRead, has: Maps.readPositions,
            at: { TupleKey($0.parts.0, $0.parts.1, ReadReceipt.Kind.readPrivate.rawValue, index($1)) },
            where: { $2.parts == ($0.parts.2, $1.order) })
        try check.each(
            Maps.privateRead, has: Maps.lastPrivateRead, at: { key, _ in TupleKey(key.parts.0, key.parts.1) },
            where: { key, _, newest in key.parts.2 <= newest })
        try check.each(
            Maps.readPositions, has: Maps.receipts,
            at: { $0.parts.2 == ReadReceipt.Kind.read.rawValue ? TupleKey($0.parts.0, $1.parts.0, $0.parts.1) : nil })
        try check.each(
            Maps.readPositions, has: Maps.privateRead,
            at: { $0.parts.2 == ReadReceipt.Kind.readPrivate.rawValue ? TupleKey($0.parts.0, $0.parts.1, $1.parts.0) : nil })
    }
}
