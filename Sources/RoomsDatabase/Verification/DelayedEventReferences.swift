import Store
import StoredIdentifiers

/// Events that are to be sent later, and the indexes by which they are found.
extension RoomsVerification {
    static func delayedEvents(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        try check.each(
            Maps.delayedEvents, has: Maps.delayIDToNumber, at: { $1.id }, where: { number, _, other in number == other })
        try check.each(Maps.delayedEvents, has: Maps.delayedEventsByTime, at: { FixedKey($1.moment, $0) })
        try check.each(
            Maps.delayedEvents, has: Maps.userDelayedEvents, at: { $1.outcome == nil ? TupleKey($1.user, $1.due, $0) : nil })
        try check.each(
            Maps.delayedEvents, has: Maps.stateKeyDelayedEvents, at: { $1.outcome == nil ? $1.stateIndexKey($0) : nil })

        try check.each(Maps.delayIDToNumber, has: Maps.delayedEvents, at: { $1 }, where: { id, _, event in event.id == id })
        try check.each(
            Maps.delayedEventsByTime, has: Maps.delayedEvents, at: { key, _ in key.parts.1 },
            where: { key, _, event in event.moment == key.parts.0 })
        try check.each(
            Maps.userDelayedEvents, has: Maps.delayedEvents, at: { key, _ in key.parts.2 },
            where: { key, _, event in event.outcome == nil && event.due == key.parts.1 })
        try check.each(
            Maps.stateKeyDelayedEvents, has: Maps.delayedEvents, at: { key, _ in key.parts.3 },
            where: { _, _, event in event.outcome == nil })
        try check.each(
            Maps.delayedStickiness, has: Maps.delayedEvents, at: { number, _ in number }, where: { _, _, event in event.outcome == nil })
        try check.each(Maps.transactionToDelayedEvent, has: Maps.delayedEvents, at: { $1 })
        try check.each(Maps.shortEventIDToDelayID, has: Maps.shortEventIDToPDUID)
    }
}
