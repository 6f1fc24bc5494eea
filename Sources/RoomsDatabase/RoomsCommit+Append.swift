import MatrixProtocol
import Store
import StoredIdentifiers

/// The request by which a device sent an event: repeated, it yields the same event.
package struct Transaction: Sendable {
    package let user: UserID
    package let device: String
    /// The endpoint's own name for it: what the client's transaction ID is unique within, and the ID.
    package let name: String
    /// The client's transaction ID.
    package let id: String

    package init(user: UserID, device: String, name: String, id: String) {
        self.user = user
        self.device = device
        self.name = name
        self.id = id
    }
}

/// An event that has found its place.
package struct AppendedEvent: Sendable {
    package let event: Event
    package let pduID: PDUID
    package let shortID: ShortEventID
}

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
        if let short = try view.shortID(of: event) { return short }
        let short = commit.makeShortID(ShortEventID.self)
        commit.put(RoomsMaps.eventIDToShortID, event, short)
        commit.put(RoomsMaps.shortEventIDToEventID, short, event)
        return short
    }

    /// Appends an authorized event to its room's timeline with all its indexes. Its previous events are the room's extremities, so
    /// the state before it is the room's current state.
    @discardableResult
    package func append(_ event: Event, to room: Room, by transaction: Transaction? = nil) throws -> AppendedEvent {
        let known = try view.shortID(of: event.id)
        let shortID = try known ?? makeShortEventID(event.id)
        let stateBefore = try view.currentState(of: room.shortID)
        commit.put(RoomsMaps.shortEventIDToStateHash, shortID, stateBefore)
        let position = commit.stamp(kind: RoomsChange.event.rawValue, scope: room.shortID.scope) {
            PDUID(room: room.shortID, position: $0).encoded
        }
        let pduID = PDUID(room: room.shortID, position: position)
        let replaced = try event.key.map { try setState($0, to: shortID, in: room.shortID, at: position, from: stateBefore) } ?? nil
        commit.put(RoomsMaps.eventIDToPDUID, event.id, pduID)
        commit.put(RoomsMaps.shortEventIDToPDUID, shortID, pduID)
        commit.put(RoomsMaps.eventsByTime, FixedKey(room.shortID, event.originServerTS, pduID.order), Empty())
        commit.put(
            RoomsMaps.pduIDToEvent, pduID,
            StoredEvent(id: event.id, shortID: shortID, replaced: replaced ?? .none, json: event.bytes))
        commit.put(RoomsMaps.roomExtremities, room.shortID, Extremities([(shortID, event.depth)]))
        if let transaction {
            commit.put(
                RoomsMaps.transactionToEventID, TupleKey(transaction.user, transaction.device, transaction.name), event.id)
            commit.put(RoomsMaps.shortEventIDToTransaction, shortID, TupleKey(transaction.user, transaction.device, transaction.id))
        }

        if event.type == EventType.roomMember, let user = event.stateKey.map(UserID.init(trusted:)), let membership = event.membership {
            try setMembership(of: user, in: room.shortID, to: membership, at: position)
        }
        let appended = AppendedEvent(event: event, pduID: pduID, shortID: shortID)
        // What related to the event before it came has given it its short ID.
        if known != nil { try adoptRelations(to: appended, in: room) }
        try relate(appended, in: room)
        index(event, at: pduID)
        if event.redacts != nil { try applyRedaction(appended, in: room) }
        return appended
    }

    /// Makes an event the current one of its state key, and returns the one that was.
    private func setState(
        _ key: StateKey, to event: ShortEventID, in room: ShortRoomID, at position: Position, from stateBefore: ShortStateHash
    ) throws -> ShortEventID? {
        let shortKey = try makeShortStateKey(key)
        let replaced = try commit.get(RoomsMaps.roomStateKeyToEvent, FixedKey(room, shortKey))
        let state = try state(stateBefore, setting: shortKey, to: event, inPlaceOf: replaced)
        commit.put(RoomsMaps.roomStateKeyToEvent, FixedKey(room, shortKey), event)
        commit.put(RoomsMaps.roomToStateHash, room, state)
        commit.put(RoomsMaps.roomPositionToStateHash, FixedKey(room, position), state)
        return replaced
    }
}
