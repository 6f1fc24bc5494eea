import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

/// Events, their IDs and places.
extension RoomsVerification {
    static func events(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        try check.each(Maps.pduIDToEvent, has: Maps.eventIDToPDUID, at: { $1.id }, where: { pduID, _, other in pduID == other })
        try check.each(Maps.pduIDToEvent, has: Maps.shortEventIDToPDUID, at: { $1.shortID }, where: { pduID, _, other in pduID == other })
        try check.each(Maps.pduIDToEvent, has: Maps.shortEventIDToStateHash, at: { $1.shortID })
        try check.each(Maps.pduIDToEvent, has: Maps.shortIDToRoomID, at: { pduID, _ in pduID.room })
        try check.each(
            Maps.pduIDToEvent, hasAll: Maps.shortEventIDToEventID,
            at: { [$1.shortID, $1.replaced, $1.redaction].filter { $0 != .none } })
        try check.each(
            Maps.pduIDToEvent, has: CommonMaps.positionChange,
            // History that was fetched later has no entry in the log.
            at: { [floor = check.logFloor] pduID, _ in pduID.isLive && pduID.position > floor ? pduID.position : nil },
            where: { pduID, _, change in change.kind == RoomsChange.event.rawValue && change.key == pduID.encoded })
        try check.each(
            CommonMaps.positionChange, has: Maps.pduIDToEvent,
            at: { $1.kind == RoomsChange.event.rawValue ? try PDUID(encoded: $1.key) : nil })

        try check.each(Maps.eventIDToPDUID, has: Maps.pduIDToEvent, at: { $1 }, where: { id, _, event in event.id == id })
        try check.each(Maps.eventIDToPDUID, has: Maps.eventIDToShortID)
        try check.each(Maps.eventIDToShortID, has: Maps.shortEventIDToEventID, at: { $1 }, where: { id, _, other in id == other })
        try check.each(Maps.shortEventIDToEventID, has: Maps.eventIDToShortID, at: { $1 }, where: { short, _, other in short == other })
        try check.each(
            Maps.shortEventIDToPDUID, has: Maps.pduIDToEvent, at: { $1 }, where: { short, _, event in event.shortID == short })
        try check.each(Maps.shortEventIDToStateHash, has: Maps.shortEventIDToEventID)
        try check.each(
            Maps.shortEventIDToStateHash, has: Maps.stateLayers,
            at: { _, state in state == .empty ? nil : FixedKey(state, StateLayer.headKey) })
        try apart(&check)
        try check.each(
            Maps.eventsByTime, has: Maps.pduIDToEvent, at: { key, _ in PDUID(room: key.parts.0, order: key.parts.2) })
        try check.each(Maps.searchWords, has: Maps.pduIDToEvent, at: { key, _ in PDUID(room: key.room, order: key.order) })

        try check.each(Maps.transactionToEventID, has: Maps.eventIDToPDUID, at: { $1 })
        try check.each(Maps.shortEventIDToTransaction, has: Maps.shortEventIDToPDUID)
        try content(&check)
    }

    /// Looks at events that are kept apart from the timeline, and at what is missing or awaited.
    private static func apart(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        try check.each(
            Maps.eventIDToOutlier, has: Maps.eventIDToShortID, at: { id, _ in id }, where: { _, event, short in event.shortID == short })
        try check.each(Maps.roomOutliers, has: Maps.shortIDToRoomID, at: { key, _ in key.parts.0 })
        let view = RoomsView(check.reader)
        try check.each(
            Maps.roomOutliers, has: Maps.eventIDToOutlier,
            at: { key, _ in try view.reader.get(Maps.shortEventIDToEventID, key.parts.1) ?? EventID(trusted: "") })
        try check.walk(Maps.eventIDToOutlier) { check, entries in
            for (id, _) in entries where try view.reader.contains(Maps.eventIDToPDUID, id) {
                check.note(Maps.eventIDToOutlier, id, "stands in a timeline too")
            }
        }
        try check.each(Maps.softFailedEventIDs, has: Maps.eventIDToOutlier)
        try check.each(
            Maps.rejectedEvents, has: Maps.eventIDToOutlier,
            at: { short, _ in try view.reader.get(Maps.shortEventIDToEventID, short) ?? EventID(trusted: "") })
        try check.each(Maps.shortEventIDToAuthChain, hasAll: Maps.shortEventIDToEventID, at: { $1.direct + ($1.rest ?? []) })
        try check.each(Maps.gaps, has: Maps.pduIDToEvent)
        try check.each(Maps.gaps, hasAll: Maps.shortEventIDToEventID, at: { $1.events })
        try check.each(Maps.referencedEvents, has: Maps.shortEventIDToEventID, at: { key, _ in key.parts.1 })
        try check.each(Maps.eventIDToOutlier, hasAll: Maps.shortEventIDToEventID, at: { [$1.redaction].filter { $0 != .none } })
        try check.each(Maps.waitingEvents, has: Maps.shortIDToRoomID, at: { key, _ in key.parts.0 })
        try check.each(Maps.waitingEvents, hasAll: Maps.shortEventIDToEventID, at: { key, _ in [key.parts.1, key.parts.2] })
        try check.each(Maps.waitingRedactions, has: Maps.shortEventIDToEventID, at: { key, _ in key.parts.0 })
        try check.each(Maps.waitingRedactions, has: Maps.shortEventIDToPDUID, at: { key, _ in key.parts.1 })
    }

    /// Looks whether what is stored as an event is one, and whether the events are known that gave the right to send it.
    private static func content(_ check: inout ReferenceCheck) throws {
        try check.walk(RoomsMaps.pduIDToEvent) { check, entries in
            for (pduID, stored) in entries where event(stored) == nil {
                check.note(RoomsMaps.pduIDToEvent, pduID, "is not an event")
            }
        }
        try check.each(RoomsMaps.pduIDToEvent, hasAll: RoomsMaps.eventIDToShortID, at: { event($1)?.authEvents ?? [] })
    }

    /// The event, as far as it is the same in all room versions; nil when it is none.
    static func event(_ stored: StoredEvent) -> Event? {
        // The room's ID and version don't matter for what is asked of it here.
        try? Event(trusted: stored.json, id: stored.id, roomID: RoomID(trusted: ""), version: .default)
    }

    static func relations(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        try check.each(
            Maps.relations, has: Maps.shortEventIDToPDUID, at: { key, _ in key.parts.2 },
            where: { key, _, pduID in pduID.order == key.parts.1 })
        try check.each(Maps.relations, has: Maps.shortEventIDToEventID, at: { key, _ in key.parts.0 })
        try check.each(
            Maps.relations, has: Maps.annotations,
            at: { key, value in AnnotationHash.of(value).map { FixedKey(key.parts.0, $0, key.parts.2) } })
        let view = RoomsView(check.reader)
        try check.each(
            Maps.annotations, has: Maps.relations,
            at: { key, _ in
                let order = try view.reader.get(Maps.shortEventIDToPDUID, key.parts.2)?.order
                return RelatedEvent.Key(key.parts.0, order ?? 0, key.parts.2)
            }, where: { key, _, value in AnnotationHash.of(value) == key.parts.1 })
        try check.each(Maps.aggregations, has: Maps.shortEventIDToPDUID)
        try check.each(
            Maps.aggregations, hasAll: Maps.shortEventIDToPDUID, at: { [$1.replacement, $1.threadLatest].filter { $0 != .none } })
        try check.each(Maps.threadParticipants, has: Maps.aggregations, at: { key, _ in key.parts.0 })
        try check.each(
            Maps.threads, has: Maps.pduIDToEvent, at: { key, _ in PDUID(room: key.parts.0, order: key.parts.1) })
        try check.each(Maps.threads, has: Maps.aggregations, at: { $1 })
        try check.each(Maps.relationships, has: Maps.shortEventIDToEventID, at: { key, _ in key.parts.0 })
        try check.each(Maps.relationships, has: Maps.shortEventIDToPDUID, at: { key, _ in key.parts.1 })
    }

    static func threadSubscriptions(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        try check.each(Maps.threadSubscriptions, has: Maps.shortEventIDToPDUID, at: { key, _ in key.parts.2 })
        try check.each(
            Maps.threadSubscriptions, has: Maps.threadSubscriptionsByPosition, at: { TupleKey($0.parts.0, $1.position) },
            where: { $2.parts == ($0.parts.1, $0.parts.2) })
        try check.each(
            Maps.threadSubscriptions, has: Maps.threadSubscribers, at: { key, _ in TupleKey(key.parts.2, key.parts.0) },
            where: { key, _, room in key.parts.1 == room })
        try check.each(
            Maps.threadSubscribers, has: Maps.threadSubscriptions, at: { key, room in TupleKey(key.parts.1, room, key.parts.0) })
        try check.each(
            Maps.threadSubscriptionsByPosition, has: Maps.threadSubscriptions,
            at: { TupleKey($0.parts.0, $1.parts.0, $1.parts.1) }, where: { $0.parts.1 == $2.position })
    }
}
