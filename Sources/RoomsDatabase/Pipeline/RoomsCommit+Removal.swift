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
        commit.delete(RoomsMaps.annotations, .fixed(event.shortID))
        commit.delete(RoomsMaps.relationships, .fixed(event.shortID))
        try forgetSubscriptions(toThread: event.shortID)
        // What it waits for stands in it in the same way in all room versions.
        let any = try Event(trusted: event.json, id: event.id, roomID: RoomID(trusted: ""), version: .default)
        try endWait(of: any, event.shortID, in: room)
        commit.delete(RoomsMaps.waitingEvents, .fixed(room, event.shortID))
        commit.delete(RoomsMaps.waitingRedactions, .fixed(event.shortID))
        try forgetRequest(of: event.shortID)
        commit.delete(RoomsMaps.eventIDToShortID, event.id)
        commit.delete(RoomsMaps.shortEventIDToEventID, event.shortID)
        noteWriting(event.shortID)
    }

    /// Takes an event out of its timeline's indexes; what it has been to those that stay is up to the caller.
    func forgetPlace(of stored: StoredEvent, at pduID: PDUID, in room: Room) throws {
        let event = try Event(stored, in: room)
        try removeRelation(of: event, stored.shortID, at: pduID.order)
        try removeRelationship(of: event, stored.shortID)
        unindex(event, at: pduID)
        commit.delete(RoomsMaps.eventsByTime, FixedKey(pduID.room, event.originServerTS, pduID.order))
        commit.delete(RoomsMaps.pduIDToEvent, pduID)
        commit.delete(RoomsMaps.gaps, pduID)
        try unstick(pduID)
        try forgetEntry(at: pduID)
        guard let redacts = event.redacts, let target = try view.shortID(of: redacts) else { return }
        commit.delete(RoomsMaps.waitingRedactions, FixedKey(target, stored.shortID))
    }

    /// Takes an event out of the timeline, with all that followed from its standing there.
    func leaveTimeline(_ stored: StoredEvent, at pduID: PDUID, in room: Room) throws {
        try unrelate(Event(stored, in: room), stored.shortID, at: pduID.order, in: room)
        try forgetPlace(of: stored, at: pduID, in: room)
        try forgetAggregation(of: stored.shortID, in: pduID.room)
        commit.delete(RoomsMaps.eventIDToPDUID, stored.id)
        commit.delete(RoomsMaps.shortEventIDToPDUID, stored.shortID)
        commit.delete(RoomsMaps.shortEventIDToStateHash, stored.shortID)
        try forgetRequest(of: stored.shortID)
        try forgetSubscriptions(toThread: stored.shortID)
    }

    /// Makes the log's entry for an event that has left its place say only that something happened.
    func forgetEntry(at pduID: PDUID) throws {
        guard pduID.isLive, try commit.get(CommonMaps.positionChange, pduID.position) != nil else { return }
        commit.put(
            CommonMaps.positionChange, pduID.position,
            Change(kind: RoomsChange.state.rawValue, scope: pduID.room.scope, key: []))
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

    /// Removes by which request an event was sent.
    private func forgetRequest(of event: ShortEventID) throws {
        commit.delete(RoomsMaps.shortEventIDToDelayID, event)
        guard let (user, device, name, _) = try commit.get(RoomsMaps.shortEventIDToTransaction, event)?.parts else { return }
        commit.delete(RoomsMaps.shortEventIDToTransaction, event)
        commit.delete(RoomsMaps.transactionToEventID, TupleKey(user, device, name))
    }
}
