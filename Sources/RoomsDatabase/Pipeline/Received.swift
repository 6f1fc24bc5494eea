import MatrixProtocol
import Store
import StoredIdentifiers

/// What became of an event that was received.
package enum Receipt: Sendable, Hashable {
    /// It stands in the room's timeline.
    case accepted(PDUID)
    /// The room's current state doesn't allow it: it is kept and counts for events that follow it, but nobody is shown it.
    case softFailed(reason: String)
    /// Its auth events, or the state before it, don't allow it: it is kept, so that what follows it can be judged.
    case rejected(reason: String)
    /// It is kept without its place in the room.
    case outlier
    /// It is kept until these previous events have come, or somebody says what the state before it is.
    case waiting(for: [EventID])
    /// It was here before, and what became of it stays.
    case known
}

/// Why an event can't be received now: what has to be fetched first.
package enum PipelineError: Error, Equatable, CustomStringConvertible {
    /// These auth events are not here.
    case missingAuthEvents([EventID])
    /// These events of a given state are not here.
    case missingStateEvents([EventID])
    /// Nothing of the room is here that the event could follow.
    case unknownRoom(RoomID)
    /// The event is not in the room's timeline, where history was to be put before it.
    case notInTimeline(EventID)
    /// There are no more orders between two events.
    case noRoomBefore(EventID)

    package var description: String {
        switch self {
        case .missingAuthEvents(let events): "Auth events are not here: \(events.map(\.string).joined(separator: ", "))"
        case .missingStateEvents(let events): "Events of the state are not here: \(events.map(\.string).joined(separator: ", "))"
        case .unknownRoom(let room): "Nothing of the room \(room) is here"
        case .notInTimeline(let event): "The event \(event) is not in its room's timeline"
        case .noRoomBefore(let event): "There is no room left before the event \(event)"
        }
    }
}

/// The state before an event as another server tells it. Its events are here.
package struct GivenState: Sendable {
    package let events: [EventID]
    /// Whether memberships are left out, which will come later.
    package let isPartial: Bool

    package init(_ events: [EventID], isPartial: Bool = false) {
        self.events = events
        self.isPartial = isPartial
    }
}

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
