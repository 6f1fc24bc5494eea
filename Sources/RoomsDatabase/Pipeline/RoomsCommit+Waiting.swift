import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

/// Events that wait for others.
extension RoomsCommit {
    /// So many entries a room has at most of events that wait, one for each that is awaited.
    private static let waitsMax = 1_000

    /// Keeps an event until others have come: previous events, and auth events that wait themselves.
    ///
    /// - Parameter anchor: for history, the event that it comes before.
    /// - Throws: `PipelineError.tooMuchWaits`.
    func keepWaiting(
        _ event: Event, for awaited: [EventID], _ authEvents: [Event], before anchor: ShortEventID = .none, in room: Room
    ) throws -> Receipt {
        let isNew = try !isWaiting(event, in: room)
        var all = try view.reader.domain(RoomsMaps.waitingEvents, .fixed(room.shortID))
        if isNew, try all.collect(limit: Self.waitsMax).count == Self.waitsMax { throw PipelineError.tooMuchWaits(in: room.id) }
        try endWait(of: event, in: room)
        let shortID = try name(event)
        for id in awaited { commit.put(RoomsMaps.waitingEvents, FixedKey(room.shortID, try makeShortEventID(id), shortID), anchor) }
        if case .rejected = try view.standing(of: event.id) { return .known }
        do {
            try check(event, by: authEvents, in: room)
        } catch let error as AuthorizationError {
            // Whatever the state before it is, it will never be allowed.
            try keepRejected(event, because: error, stateBefore: nil, in: room)
            return .rejected(reason: "\(error)")
        }
        try keepApart(event, stateBefore: nil, in: room)
        return .waiting(for: awaited)
    }

    /// Whether an event waits for others, and it may yet turn out that it is not allowed.
    func mayBeRejectedLater(_ event: Event, in room: Room) throws -> Bool {
        try view.standing(of: event.id) == .outlier && isWaiting(event, in: room)
    }

    /// Whether an event waits for others.
    func isWaiting(_ event: Event, in room: Room) throws -> Bool {
        guard let shortID = try view.shortID(of: event.id) else { return false }
        return try !waits(of: event, shortID, in: room.shortID).isEmpty
    }

    /// Ends what an event has waited for.
    func endWait(of event: Event, in room: Room) throws {
        guard let shortID = try view.shortID(of: event.id) else { return }
        try endWait(of: event, shortID, in: room.shortID)
    }

    func endWait(of event: Event, _ shortID: ShortEventID, in room: ShortRoomID) throws {
        for key in try waits(of: event, shortID, in: room) { commit.delete(RoomsMaps.waitingEvents, key) }
    }

    private func waits(
        of event: Event, _ shortID: ShortEventID, in room: ShortRoomID
    ) throws -> [FixedKey<ShortRoomID, ShortEventID, ShortEventID>] {
        let keys = try view.reader.get(RoomsMaps.eventIDToShortID, all: event.prevEvents + event.authEvents).compactMap { awaited in
            awaited.map { FixedKey(room, $0, shortID) }
        }
        return zip(keys, try view.reader.get(RoomsMaps.waitingEvents, all: keys)).filter { $0.1 != nil }.map(\.0)
    }
}

extension RoomsView {
    /// The events of a room that wait for an event.
    func eventsWaiting(for event: EventID, in room: RoomID, version: RoomVersion) throws -> [WaitingEvent] {
        guard let awaited = try shortID(of: event), let shortRoomID = try shortID(of: room) else { return [] }
        var entries = try reader.domain(RoomsMaps.waitingEvents, .fixed(shortRoomID, awaited))
        return try entries.collect().compactMap { key, anchor in
            guard let stored = try self.event(key.parts.2) else { return nil }
            return WaitingEvent(
                event: try Event(trusted: stored.json, id: stored.id, roomID: room, version: version),
                anchor: anchor == .none ? nil : try eventIDs(of: [anchor]).first)
        }
    }

    /// What is here of what events wait for, by rooms: when they don't go on, the program has ended before they could.
    func arrivedEvents() throws -> [(event: EventID, room: RoomID)] {
        var entries = try reader.domain(RoomsMaps.waitingEvents, .all)
        var arrived: [(event: EventID, room: RoomID)] = []
        var last = ShortEventID.none
        while let (key, _) = try entries.next() {
            let (room, awaited, _) = key.parts
            guard awaited != last else { continue }
            last = awaited
            guard try reader.contains(RoomsMaps.shortEventIDToStateHash, awaited), let id = try eventIDs(of: [awaited]).first else {
                continue
            }
            arrived.append((id, try roomID(of: room)))
        }
        return arrived
    }
}
