import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

/// The door for events that others have made.
extension RoomsCommit {
    /// Takes an event that has passed the checks on it alone (`Event.receive`), judges it and keeps it as what it turns out to be.
    ///
    /// Specification: server-server API, "Checks performed on receipt of a PDU", steps 4 to 6.
    ///
    /// - Parameters:
    ///   - given: the state before the event, as another server tells it; asked for where previous events are missing.
    ///   - resolutions: what was resolved before the commit.
    /// - Throws: `PipelineError` when something has to be here first.
    package func receive(
        _ event: Event, in room: Room, before given: GivenState? = nil, _ resolutions: Resolutions = Resolutions()
    ) throws -> Receipt {
        switch try view.standing(of: event.id) {
        case .inTimeline, .softFailed: return .known
        // One that was rejected for its auth events alone still needs the state before it, for what follows it.
        case .rejected where try hasState(event.id): return .known
        case .unknown, .outlier, .rejected: break
        }
        let authEvents = try self.authEvents(of: event, in: room)
        let previous = try previousEvents(of: event, in: room)
        let awaited = try previous.missing + authEvents.filter { try isWaiting($0) }.map(\.id)
        guard awaited.isEmpty || given != nil else { return try keepWaiting(event, for: awaited, authEvents, in: room) }
        let stateBefore =
            try previous.missing.isEmpty ? state(after: previous.known, in: room, resolutions) : givenState(given, in: room)
        let isPartial = try !previous.missing.isEmpty && given?.isPartial == true || view.isPartial(room.shortID)
        if isPartial, try !view.isPartial(room.shortID) { markPartial(room) }

        try endWait(of: event)
        try narrowGaps(by: event, in: room)
        // What was here of a room that everybody here has left says nothing of its present.
        let isOutside = try given != nil && !view.isInRoom(serverName, room.shortID)
        switch try judge(event, by: authEvents, stateBefore: stateBefore, isPartial: isPartial, isOutside: isOutside, in: room) {
        case .rejected(let error):
            try keepRejected(event, because: error, stateBefore: stateBefore, in: room)
            try markIfPartial(makeShortEventID(event.id), in: room)
            return .rejected(reason: "\(error)")
        case .softFailed(let error):
            try keepApart(event, stateBefore: stateBefore, in: room)
            commit.put(RoomsMaps.softFailedEventIDs, event.id, Empty())
            return .softFailed(reason: "\(error)")
        case .allowed:
            let missing = try previous.missing.map { try makeShortEventID($0) }
            let appended = try accept(
                event, in: room, after: isOutside ? .nothing(missing: missing) : .events(previous.known, missing: missing),
                stateBefore: stateBefore, resolutions)
            return .accepted(appended.pduID)
        }
    }

    /// Takes an event without its place in the room: part of a state, or of an auth chain. It is judged by its auth events alone.
    ///
    /// - Throws: `PipelineError.missingAuthEvents`.
    @discardableResult
    package func receiveOutlier(_ event: Event, in room: Room) throws -> Receipt {
        guard try view.standing(of: event.id) == .unknown else { return .known }
        do {
            try check(event, by: authEvents(of: event, in: room), in: room)
        } catch let error as AuthorizationError {
            try keepRejected(event, because: error, stateBefore: nil, in: room)
            return .rejected(reason: "\(error)")
        }
        try keepApart(event, stateBefore: nil, in: room)
        return .outlier
    }

    /// An event's auth events.
    func authEvents(of event: Event, in room: Room) throws -> [Event] {
        let ids = event.authEvents
        let shortIDs = try view.reader.get(RoomsMaps.eventIDToShortID, all: ids)
        let found = try shortIDs.map { try $0.flatMap { try view.event($0) } }
        let missing = zip(ids, found).filter { $0.1 == nil }.map(\.0)
        guard missing.isEmpty else { throw PipelineError.missingAuthEvents(missing) }
        return try found.compactMap(\.self).map { try Event(ofAnyRoom: $0, in: room) }
    }

    /// Which of the events that one follows have a state here.
    func previousEvents(of event: Event, in room: Room) throws -> (known: [ShortEventID], missing: [EventID]) {
        var known: [ShortEventID] = []
        var missing: [EventID] = []
        for id in event.prevEvents {
            if let short = try view.shortID(of: id), try hasState(id), try view.isEvent(short, of: room.shortID) {
                if !known.contains(short) { known.append(short) }
            } else {
                missing.append(id)
            }
        }
        return (known, missing)
    }

    /// Whether the state before an event is known.
    func hasState(_ event: EventID) throws -> Bool {
        try view.shortID(of: event).map { try commit.get(RoomsMaps.shortEventIDToStateHash, $0) != nil } ?? false
    }

    /// The state that another server tells, made one of the room's.
    func givenState(_ given: GivenState?, in room: Room) throws -> ShortStateHash {
        let ids = given?.events ?? []
        let shortIDs = try view.reader.get(RoomsMaps.eventIDToShortID, all: ids)
        var missing: [EventID] = []
        var entries: [ShortStateKey: ShortEventID] = [:]
        for (id, short) in zip(ids, shortIDs) {
            guard let short, try view.isEvent(short, of: room.shortID), let stored = try view.event(short) else {
                missing.append(id)
                continue
            }
            guard try !view.isRejected(short), let key = try Event(stored, in: room).key else { continue }
            entries[try makeShortStateKey(key)] = short
        }
        guard missing.isEmpty else { throw PipelineError.missingStateEvents(missing) }
        let changes: [StateChange] = entries.sorted { $0.key < $1.key }.map { ($0.key, nil, $0.value) }
        return try state(.empty, with: changes, in: room.shortID)
    }
}

extension Event {
    /// A stored event that is named by one of the room, though it may be of another.
    fileprivate convenience init(ofAnyRoom stored: StoredEvent, in room: Room) throws {
        let named = try JSONFields(scanning: stored.json).string("room_id").map { RoomID(trusted: $0) }
        try self.init(trusted: stored.json, id: stored.id, roomID: named ?? room.id, version: room.version)
    }
}
