import MatrixProtocol
import Store
import StoredIdentifiers

/// Events that are kept apart from the timeline: outliers, rejected and soft-failed ones.
extension RoomsCommit {
    /// Keeps an event apart from the timeline.
    ///
    /// - Parameter stateBefore: the state before it, where it has its place.
    @discardableResult
    func keepApart(_ event: Event, stateBefore: ShortStateHash?, in room: Room) throws -> ShortEventID {
        let known = try view.shortID(of: event.id)
        let shortID = known ?? makeNewShortEventID(event.id)
        let redaction = try commit.get(RoomsMaps.eventIDToOutlier, event.id)?.redaction ?? .none
        noteWriting(shortID)
        commit.put(
            RoomsMaps.eventIDToOutlier, event.id,
            StoredEvent(id: event.id, shortID: shortID, replaced: .none, redaction: redaction, json: event.bytes))
        commit.put(RoomsMaps.roomOutliers, FixedKey(room.shortID, shortID), Empty())
        if let stateBefore { commit.put(RoomsMaps.shortEventIDToStateHash, shortID, stateBefore) }
        if event.isState { try keepAuthEvents(of: event, shortID, in: room) }
        if known != nil { try applyWaitingRedactions(to: shortID, in: room) }
        return shortID
    }

    /// Keeps an event as rejected.
    @discardableResult
    func keepRejected(
        _ event: Event, because error: AuthorizationError, stateBefore: ShortStateHash?, in room: Room
    ) throws -> ShortEventID {
        let shortID = try keepApart(event, stateBefore: stateBefore, in: room)
        commit.put(RoomsMaps.rejectedEvents, shortID, "\(error)")
        return shortID
    }

    /// Takes what was kept of an event apart from the timeline away, as it comes to stand there.
    ///
    /// - Returns: the redaction that was applied to it, or none.
    func endStayApart(_ id: EventID, _ shortID: ShortEventID, in room: Room) throws -> ShortEventID {
        guard try commit.get(RoomsMaps.roomOutliers, FixedKey(room.shortID, shortID)) != nil else { return .none }
        let redaction = try commit.get(RoomsMaps.eventIDToOutlier, id)?.redaction ?? .none
        commit.delete(RoomsMaps.eventIDToOutlier, id)
        commit.delete(RoomsMaps.roomOutliers, FixedKey(room.shortID, shortID))
        commit.delete(RoomsMaps.softFailedEventIDs, id)
        commit.delete(RoomsMaps.rejectedEvents, shortID)
        return redaction
    }
}
