import Store
import StoredIdentifiers

/// Events that stick to their rooms, and the index by which they expire.
extension RoomsVerification {
    static func stickyEvents(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        try check.each(
            Maps.stickyEvents, has: Maps.stickyEventsByExpiry, at: { FixedKey($1.parts.0, $0.parts.0, $0.parts.1) })
        try check.each(
            Maps.stickyEvents, has: Maps.shortEventIDToPDUID, at: { $1.parts.1 },
            where: { key, _, pduID in pduID == PDUID(room: key.parts.0, position: key.parts.1) })
        try check.each(
            Maps.stickyEventsByExpiry, has: Maps.stickyEvents, at: { key, _ in FixedKey(key.parts.1, key.parts.2) },
            where: { key, _, event in event.parts.0 == key.parts.0 })
    }
}
