import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

/// The door for events without a place in the room, and what is kept of them when they come again.
extension RoomsCommit {
    /// Takes an event without its place in the room: part of a state, or of an auth chain. It is judged by its auth events alone.
    ///
    /// - Throws: `PipelineError.missingAuthEvents`.
    @discardableResult
    package func receiveOutlier(_ event: Event, in room: Room) throws -> Receipt {
        guard try view.standing(of: event.id) == .unknown else {
            try completeCopy(with: event, in: room)
            return .known
        }
        do {
            try check(event, by: authEvents(of: event, in: room), in: room)
        } catch let error as AuthorizationError {
            try keepRejected(event, because: error, stateBefore: nil, in: room)
            return .rejected(reason: "\(error)")
        }
        try keepApart(event, stateBefore: nil, in: room)
        return .outlier
    }

    /// The copy that counts of an event that is kept apart and comes again: what is here, unless that came without its content and now it
    /// is there.
    ///
    /// In room versions 1 and 2 a server may have given one ID to two events: then it is that of the first.
    ///
    /// - Returns: nil when the ID is that of an event of another room.
    func keptCopy(of event: Event, in room: Room) throws -> Event? {
        guard let stored = try commit.get(RoomsMaps.eventIDToOutlier, event.id) else { return event }
        guard try view.isEvent(stored.shortID, of: room.shortID) else { return nil }
        let kept = try Event(stored, in: room)
        let isComplete = stored.redaction != .none || kept.hasValidContentHash(version: room.version)
        let isSame =
            try ReferenceHash.compute(kept.json, version: room.version) == ReferenceHash.compute(event.json, version: room.version)
        return isComplete || !isSame ? kept : event
    }

    /// Takes over the content of an outlier that came without it.
    private func completeCopy(with event: Event, in room: Room) throws {
        guard let stored = try commit.get(RoomsMaps.eventIDToOutlier, event.id), let copy = try keptCopy(of: event, in: room),
            copy.bytes != stored.json
        else { return }
        noteWriting(stored.shortID)
        commit.put(
            RoomsMaps.eventIDToOutlier, event.id,
            StoredEvent(id: stored.id, shortID: stored.shortID, replaced: .none, redaction: .none, json: copy.bytes))
    }
}

extension Event {
    /// A stored event that is named by one of the room, though it may be of another.
    convenience init(ofAnyRoom stored: StoredEvent, in room: Room) throws {
        let named = try JSONFields(scanning: stored.json).string("room_id").map { RoomID(trusted: $0) }
        try self.init(trusted: stored.json, id: stored.id, roomID: named ?? room.id, version: room.version)
    }
}
