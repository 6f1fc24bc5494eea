import MatrixProtocol
import Store
import StoredIdentifiers

/// Short IDs for what has none yet.
extension RoomsCommit {
    /// The room's short ID, a new one for a new room.
    package func makeShortRoomID(_ room: RoomID) throws -> ShortRoomID {
        if let short = try view.shortID(of: room) { return short }
        let short = commit.makeShortID(ShortRoomID.self)
        commit.put(RoomsMaps.roomIDToShortID, room, short)
        commit.put(RoomsMaps.shortIDToRoomID, short, room)
        return short
    }

    /// The event's short ID, a new one for an event that nobody has heard of.
    func makeShortEventID(_ event: EventID) throws -> ShortEventID {
        try view.shortID(of: event) ?? makeNewShortEventID(event)
    }

    /// The short ID of an event that nobody has heard of.
    func makeNewShortEventID(_ event: EventID) -> ShortEventID {
        let short = commit.makeShortID(ShortEventID.self)
        commit.put(RoomsMaps.eventIDToShortID, event, short)
        commit.put(RoomsMaps.shortEventIDToEventID, short, event)
        return short
    }

    /// The short ID of a state key, a new one if no room has ever used it.
    func makeShortStateKey(_ key: StateKey) throws -> ShortStateKey {
        if let short = try view.shortStateKey(key) { return short }
        let number = commit.makeShortID(ShortStateKey.self).number
        let short = ShortStateKey(number: key.type == EventType.roomMember ? number | ShortStateKey.firstMember.number : number)
        commit.put(RoomsMaps.stateKeyToShortID, TupleKey(key.type, key.key), short)
        commit.put(RoomsMaps.shortIDToStateKey, short, TupleKey(key.type, key.key))
        return short
    }

    /// Gives an event, and the state key that it sets, their short IDs.
    func name(_ event: Event) throws -> ShortEventID {
        if let key = event.key { _ = try makeShortStateKey(key) }
        return try makeShortEventID(event.id)
    }
}
