import MatrixProtocol
import Store
import StoredIdentifiers

/// The door for events that others have made, and that are news.
extension RoomsCommit {
    /// Takes an event that has passed the checks on it alone (`Event.receive`), judges it and keeps it as what it turns out to be.
    ///
    /// Specification: server-server API, "Checks performed on receipt of a PDU", steps 4 to 7.
    ///
    /// - Parameters:
    ///   - given: the state before the event, as another server tells it; asked for where previous events are missing.
    ///   - refusal: why the room's policy server doesn't recommend the event, if it has been asked and doesn't.
    ///   - prepared: what was worked out before the commit.
    /// - Throws: `PipelineError` when something has to be here first.
    package func receive(
        _ event: Event, in room: Room, before given: GivenState? = nil, refusal: String? = nil, _ prepared: Prepared = Prepared()
    ) throws -> Receipt {
        guard let event = try toJudge(event, in: room) else { return .known }
        // The room began long ago, also where that isn't in its timeline.
        if event.id == room.create.id, try view.currentState(of: room.shortID) != .empty { return .known }
        let authEvents = try self.authEvents(of: event, in: room)
        let previous = try previousEvents(of: event, in: room)
        let awaited = try previous.missing + authEvents.filter { try mayBeRejectedLater($0, in: room) }.map(\.id)
        guard awaited.isEmpty || given != nil else { return try keepWaiting(event, for: awaited, authEvents, in: room) }
        if awaited.isEmpty, let next = try placeInHistory(of: event, after: previous.known, in: room) {
            guard let order = try view.ordersBefore(next, count: 1).first else { return .known }
            return try receiveHistory(event, at: order, before: .none, in: room, given: nil, prepared)
        }
        let stateBefore =
            try previous.missing.isEmpty
            ? state(after: previous.known, in: room, prepared) : givenState(given, before: event.id, in: room, prepared)
        let isPartial = try isPartial(room, before: previous.missing.isEmpty ? nil : given)

        try endWait(of: event, in: room)
        try narrowGaps(by: event, in: room)
        // What was here of a room that everybody here has left says nothing of its present.
        let isOutside = try given != nil && !view.isInRoom(serverName, room.shortID)
        switch try judge(
            event, by: authEvents, stateBefore: stateBefore, refusal: refusal, isPartial: isPartial, isOutside: isOutside, in: room)
        {
        case .rejected(let error):
            try markIfPartial(keepRejected(event, because: error, stateBefore: stateBefore, in: room), in: room)
            return .rejected(reason: "\(error)")
        case .softFailed(let reason):
            try markIfPartial(keepApart(event, stateBefore: stateBefore, in: room), in: room)
            commit.put(RoomsMaps.softFailedEventIDs, event.id, Empty())
            return .softFailed(reason: reason)
        case .allowed:
            let missing = try previous.missing.map { try makeShortEventID($0) }
            let appended = try accept(
                event, in: room, after: isOutside ? .nothing(missing: missing) : .events(previous.known, missing: missing),
                stateBefore: stateBefore, prepared)
            return .accepted(appended.pduID)
        }
    }

    /// The event as it is to be judged; nil when what has become of it stays.
    func toJudge(_ event: Event, in room: Room) throws -> Event? {
        switch try view.standing(of: event.id) {
        case .unknown: return event
        case .inTimeline, .softFailed: return nil
        // One that was rejected for its auth events alone still needs the state before it, for what follows it.
        case .rejected where try hasState(event.id): return nil
        case .outlier, .rejected: return try keptCopy(of: event, in: room)
        }
    }

    /// The place of history that has been kept as an outlier: what it follows is history too.
    ///
    /// - Returns: the place before which it belongs; nil when it may be news.
    private func placeInHistory(of event: Event, after previous: [ShortEventID], in room: Room) throws -> PDUID? {
        guard case .outlier = try view.standing(of: event.id), !previous.isEmpty, try !isWaiting(event, in: room) else { return nil }
        let places = try view.reader.get(RoomsMaps.shortEventIDToPDUID, all: previous)
        guard places.allSatisfy({ $0.map { !$0.isLive } ?? false }), let newest = places.compactMap(\.self).max() else { return nil }
        return try view.reader.first(RoomsMaps.pduIDToEvent, KeyRange.fixed(newest.room).from(newest.encoded + [0]))?.key
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
}
