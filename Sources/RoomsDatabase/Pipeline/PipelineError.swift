import MatrixProtocol

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
    /// There are so many events of the room already that wait for others. What is missing before this one is to be fetched first.
    case tooMuchWaits(in: RoomID)
    /// The room's create event says that it lives by other rules.
    case otherRoomVersion(RoomID)
    /// The room's state has changed again and again while the states before an event were worked out. The event may come again.
    case roomIsBusy(RoomID)

    package var description: String {
        switch self {
        case .missingAuthEvents(let events): "Auth events are not here: \(events.map(\.string).joined(separator: ", "))"
        case .missingStateEvents(let events): "Events of the state are not here: \(events.map(\.string).joined(separator: ", "))"
        case .unknownRoom(let room): "Nothing of the room \(room) is here"
        case .notInTimeline(let event): "The event \(event) is not in its room's timeline"
        case .noRoomBefore(let event): "There is no room left before the event \(event)"
        case .tooMuchWaits(let room): "Too many events of the room \(room) wait for others"
        case .otherRoomVersion(let room): "The create event of the room \(room) is of another room version"
        case .roomIsBusy(let room): "The room \(room) has changed too often in the meantime"
        }
    }
}
