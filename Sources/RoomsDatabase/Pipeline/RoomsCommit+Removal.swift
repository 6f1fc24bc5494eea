import MatrixProtocol
import Store
import StoredIdentifiers

/// Removing what is kept of events.
extension RoomsCommit {
    /// Removes what is kept of an event by its IDs, wherever it stands. Its place in a timeline is the caller's.
    func forget(_ event: StoredEvent, in room: ShortRoomID) throws {
        commit.delete(RoomsMaps.eventIDToPDUID, event.id)
        commit.delete(RoomsMaps.eventIDToOutlier, event.id)
        commit.delete(RoomsMaps.softFailedEventIDs, event.id)
        commit.delete(RoomsMaps.shortEventIDToPDUID, event.shortID)
        commit.delete(RoomsMaps.shortEventIDToStateHash, event.shortID)
        commit.delete(RoomsMaps.shortEventIDToAuthChain, event.shortID)
        commit.delete(RoomsMaps.rejectedEvents, event.shortID)
        commit.delete(RoomsMaps.roomOutliers, FixedKey(room, event.shortID))
        commit.delete(RoomsMaps.referencedEvents, FixedKey(room, event.shortID))
        try forgetAggregation(of: event.shortID, in: room)
        commit.delete(RoomsMaps.relations, .fixed(event.shortID))
        // What it waits for stands in it in the same way in all room versions.
        try endWait(of: Event(trusted: event.json, id: event.id, roomID: RoomID(trusted: ""), version: .default))
        commit.delete(RoomsMaps.waitingEvents, .fixed(event.shortID))
        commit.delete(RoomsMaps.waitingRedactions, .fixed(event.shortID))
        try forgetTransaction(of: event, in: room)
        commit.delete(RoomsMaps.eventIDToShortID, event.id)
        commit.delete(RoomsMaps.shortEventIDToEventID, event.shortID)
        authEvents.forget(event.shortID)
    }

    /// Takes an event out of its timeline's indexes.
    func forgetPlace(of stored: StoredEvent, at pduID: PDUID, in room: Room) throws {
        let event = try Event(stored, in: room)
        try unrelate(event, stored.shortID, at: pduID.order, in: room)
        unindex(event, at: pduID)
        commit.delete(RoomsMaps.eventsByTime, FixedKey(pduID.room, event.originServerTS, pduID.order))
        commit.delete(RoomsMaps.pduIDToEvent, pduID)
        commit.delete(RoomsMaps.gaps, pduID)
        try forgetEntry(at: pduID)
        guard let redacts = event.redacts, let target = try view.shortID(of: redacts) else { return }
        commit.delete(RoomsMaps.waitingRedactions, FixedKey(target, stored.shortID))
    }

    /// Takes an event out of the timeline, with all that followed from its standing there.
    func leaveTimeline(_ stored: StoredEvent, at pduID: PDUID, in room: Room) throws {
        try forgetPlace(of: stored, at: pduID, in: room)
        try forgetAggregation(of: stored.shortID, in: pduID.room)
        commit.delete(RoomsMaps.eventIDToPDUID, stored.id)
        commit.delete(RoomsMaps.shortEventIDToPDUID, stored.shortID)
        commit.delete(RoomsMaps.shortEventIDToStateHash, stored.shortID)
        try forgetTransaction(of: stored, in: pduID.room)
    }

    /// Removes what the events that relate to one amount to.
    private func forgetAggregation(of event: ShortEventID, in room: ShortRoomID) throws {
        if let aggregation = try commit.get(RoomsMaps.aggregations, event), aggregation.threadLatest != .none,
            let latest = try commit.get(RoomsMaps.shortEventIDToPDUID, aggregation.threadLatest)
        {
            commit.delete(RoomsMaps.threads, FixedKey(room, latest.order))
        }
        commit.delete(RoomsMaps.aggregations, event)
        commit.delete(RoomsMaps.threadParticipants, .tuples(event))
    }

    /// Removes the transaction that an event was sent by.
    private func forgetTransaction(of event: StoredEvent, in room: ShortRoomID) throws {
        guard let (user, device, _) = try commit.get(RoomsMaps.shortEventIDToTransaction, event.shortID)?.parts else { return }
        commit.delete(RoomsMaps.shortEventIDToTransaction, event.shortID)
        // A transaction's name begins with its room; the text's end is left off.
        let ofRoom = TuplePrefix(user, device, "\(room.number)/").bytes.dropLast()
        var transactions = try view.reader.domain(RoomsMaps.transactionToEventID, .prefix(Array(ofRoom)))
        while let (key, id) = try transactions.next() {
            if id == event.id { return commit.delete(RoomsMaps.transactionToEventID, key) }
        }
    }
}
