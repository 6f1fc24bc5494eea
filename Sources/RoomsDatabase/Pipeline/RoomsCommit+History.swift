import MatrixProtocol
import Store
import StoredIdentifiers

/// The door for events that others have made, and that are history.
extension RoomsCommit {
    /// Takes events of the time before another one, as many as are enough for a commit: they get places right before it, and the room's
    /// present stays what it is.
    ///
    /// - Parameters:
    ///   - events: in their order.
    ///   - placeCount: how many places there have to be for these and for those that come after them.
    ///   - anchor: the event of the timeline that they come before.
    ///   - states: the states before some of them, where their own previous events are missing.
    /// - Returns: what has become of the first ones.
    /// - Throws: `PipelineError`.
    func receiveHistory(
        _ events: ArraySlice<Event>, placeCount: Int, before anchor: EventID, version: RoomVersion, states: [EventID: GivenState],
        _ prepared: Prepared
    ) throws -> [Receipt] {
        guard let place = try commit.get(RoomsMaps.eventIDToPDUID, anchor), let anchorID = try view.shortID(of: anchor) else {
            throw PipelineError.notInTimeline(anchor)
        }
        var receipts: [Receipt] = []
        for (event, order) in zip(events, try view.ordersBefore(place, count: placeCount)) {
            if commit.isHalfFull { break }
            do {
                let room = try room(of: event, version: version)
                receipts.append(
                    try receiveHistory(event, at: order, before: anchorID, in: room, given: states[event.id], prepared))
            } catch  where !receipts.isEmpty && Self.comesBeforeWriting(error) {
                // The next commit begins with this one.
                break
            }
        }
        return receipts
    }

    /// Whether an error says that something is needed before an event can be judged, so that nothing of it has been written.
    static func comesBeforeWriting(_ error: any Error) -> Bool {
        error is PipelineError || error is StatesToResolve || error is GivenStateToKeep
    }

    /// Takes an event of the time before another one.
    ///
    /// - Parameters:
    ///   - order: its place.
    ///   - anchor: the event that it comes before, if it has to wait for its place.
    ///   - given: the state before it, where its own previous events are missing.
    func receiveHistory(
        _ event: Event, at order: Int64, before anchor: ShortEventID, in room: Room, given: GivenState?, _ prepared: Prepared
    ) throws -> Receipt {
        guard let event = try toJudge(event, in: room) else { return .known }
        let authEvents = try self.authEvents(of: event, in: room)
        let previous = try previousEvents(of: event, in: room)
        guard previous.missing.isEmpty || given != nil else {
            return try keepWaiting(event, for: previous.missing, authEvents, before: anchor, in: room)
        }
        let stateBefore =
            try previous.missing.isEmpty
            ? state(after: previous.known, in: room, prepared) : givenState(given, before: event.id, in: room, prepared)
        let isPartial = try isPartial(room, before: previous.missing.isEmpty ? nil : given)
        try endWait(of: event, in: room)
        try narrowGaps(by: event, in: room)
        do {
            try check(event, by: authEvents, stateBefore: stateBefore, isPartial: isPartial, in: room)
        } catch let error as AuthorizationError {
            try markIfPartial(keepRejected(event, because: error, stateBefore: stateBefore, in: room), in: room)
            return .rejected(reason: "\(error)")
        }
        let known = try view.shortID(of: event.id)
        let shortID = known ?? makeNewShortEventID(event.id)
        let appended = AppendedEvent(event: event, pduID: PDUID(room: room.shortID, order: order), shortID: shortID)
        let replaced = try event.key.flatMap { try view.event(of: $0, in: stateBefore) }
        try enter(appended, isKnown: known != nil, stateBefore: stateBefore, replacing: replaced, in: room)
        openGap(before: appended, try previous.missing.map { try makeShortEventID($0) }, in: room)
        try markIfPartial(shortID, in: room)
        try takeEffect(appended, wasHeardOf: known != nil, in: room)
        return .accepted(appended.pduID)
    }
}

extension RoomsView {
    /// So many places stay free between history and what it comes before, for what belongs there and comes later.
    private static let placesLeft: Int64 = 1_024

    /// Places for history before another one, in ascending order.
    ///
    /// Before a room's first event they descend in whole positions, so that there is no end to them; elsewhere they lie between two events.
    ///
    /// - Throws: `PipelineError.noRoomBefore` when there are not so many.
    func ordersBefore(_ place: PDUID, count: Int) throws -> [Int64] {
        let below = KeyRange.fixed(place.room).below(place.encoded)
        guard let neighbour = try reader.first(RoomsMaps.pduIDToEvent, below, .backward)?.key.order else {
            let newest = min(place.order >> 16, 0)
            return (1...Int64(max(1, count))).prefix(count).map { (newest - $0) << 16 }.reversed()
        }
        var orders: [Int64] = []
        var order = place.order - max(0, min(Self.placesLeft, (place.order - neighbour - Int64(count)) / 2))
        while orders.count < count {
            order -= 1
            // What has no sub-order is a live event.
            if order & 0xffff == 0 { order -= 1 }
            guard order > neighbour else {
                throw PipelineError.noRoomBefore(try reader.get(RoomsMaps.pduIDToEvent, place)?.id ?? EventID(trusted: ""))
            }
            orders.append(order)
        }
        return orders.reversed()
    }
}
