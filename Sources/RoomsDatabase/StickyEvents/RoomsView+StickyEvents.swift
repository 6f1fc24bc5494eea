import Store
import StoredIdentifiers

extension RoomsView {
    /// Whether any room has an event that still sticks at a moment.
    package func hasStickyEvents(at now: Int64) throws -> Bool {
        try reader.first(RoomsMaps.stickyEventsByExpiry, .all, .backward).map { $0.key.parts.0 > now } ?? false
    }

    /// A room's events that still stick at a moment, in the order in which they came.
    ///
    /// - Parameters:
    ///   - position: those are wanted that came after it; nil for all.
    ///   - limit: how many at most.
    package func stickyEvents(in room: ShortRoomID, after position: Position?, at now: Int64, limit: Int) throws -> [StickyEvent] {
        var range = KeyRange.fixed(room)
        if let position { range = range.from(FixedKey(room, position.next).encoded) }
        var entries = try reader.domain(RoomsMaps.stickyEvents, range)
        var events: [StickyEvent] = []
        while events.count < limit, let (key, value) = try entries.next() {
            if value.parts.0 > now { events.append(StickyEvent(room: room, position: key.parts.1, event: value.parts.1)) }
        }
        return events
    }

    /// When the event at a place of a timeline sticks no longer, in milliseconds since 1970; nil if it doesn't.
    package func stickyExpiry(of event: ShortEventID) throws -> Int64? {
        guard let pduID = try reader.get(RoomsMaps.shortEventIDToPDUID, event), pduID.isLive else { return nil }
        return try reader.get(RoomsMaps.stickyEvents, FixedKey(pduID.room, pduID.position))?.parts.0
    }
}
