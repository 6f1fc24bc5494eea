import MatrixProtocol
import Store
import StoredIdentifiers

/// What is kept of events, and as what.
extension RoomsView {
    /// What is kept of an event.
    package enum EventStanding: Sendable, Hashable {
        case unknown
        case inTimeline(PDUID)
        case softFailed
        case rejected(reason: String)
        /// Kept without its place in the room.
        case outlier
    }

    /// What is kept of an event, and as what.
    package func standing(of event: EventID) throws -> EventStanding {
        if let pduID = try reader.get(RoomsMaps.eventIDToPDUID, event) { return .inTimeline(pduID) }
        guard let stored = try reader.get(RoomsMaps.eventIDToOutlier, event) else { return .unknown }
        if let reason = try reader.get(RoomsMaps.rejectedEvents, stored.shortID) { return .rejected(reason: reason) }
        return try reader.contains(RoomsMaps.softFailedEventIDs, event) ? .softFailed : .outlier
    }

    /// Whether the event was rejected.
    package func isRejected(_ event: ShortEventID) throws -> Bool {
        try reader.contains(RoomsMaps.rejectedEvents, event)
    }

    /// Whether the event is one of this room, in its timeline or apart from it.
    func isEvent(_ event: ShortEventID, of room: ShortRoomID) throws -> Bool {
        if let pduID = try reader.get(RoomsMaps.shortEventIDToPDUID, event) { return pduID.room == room }
        return try reader.contains(RoomsMaps.roomOutliers, FixedKey(room, event))
    }
}
