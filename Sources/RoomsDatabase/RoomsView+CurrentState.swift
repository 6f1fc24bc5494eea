import MatrixProtocol
import Store
import StoredIdentifiers

/// The rooms' current state, and the short IDs of state keys.
extension RoomsView {
    /// A state key's short ID, or nil when no room has ever used it.
    package func shortStateKey(_ key: StateKey) throws -> ShortStateKey? {
        try reader.get(RoomsMaps.stateKeyToShortID, TupleKey(key.type, key.key))
    }

    /// The short IDs of state keys, in their order; nil for those that no room has ever used.
    package func shortStateKeys(_ keys: [StateKey]) throws -> [ShortStateKey?] {
        try reader.get(RoomsMaps.stateKeyToShortID, all: keys.map { TupleKey($0.type, $0.key) })
    }

    /// The state keys behind short IDs, in their order.
    package func stateKeys(of shortKeys: [ShortStateKey]) throws -> [StateKey] {
        try zip(shortKeys, reader.get(RoomsMaps.shortIDToStateKey, all: shortKeys)).map { short, key in
            guard let (type, stateKey) = key?.parts else { throw StoreError.undecodable([], as: "the state key \(short.number)") }
            return StateKey(type, stateKey)
        }
    }

    /// The room's current event for a type and state key: its short ID.
    package func currentEventID(_ key: StateKey, in room: ShortRoomID) throws -> ShortEventID? {
        guard let short = try shortStateKey(key) else { return nil }
        return try reader.get(RoomsMaps.roomStateKeyToEvent, FixedKey(room, short))
    }

    /// The rooms' current events for a type and state key, in the rooms' order: their short IDs, nil for rooms that have none.
    package func currentEventIDs(_ key: StateKey, in rooms: [ShortRoomID]) throws -> [ShortEventID?] {
        guard let short = try shortStateKey(key) else { return rooms.map { _ in nil } }
        return try reader.get(RoomsMaps.roomStateKeyToEvent, all: rooms.map { FixedKey($0, short) })
    }

    /// The room's current events for state keys, by the keys' short IDs; those that it has none for are left out.
    package func currentEventIDs(_ keys: [ShortStateKey], in room: ShortRoomID) throws -> [ShortStateKey: ShortEventID] {
        let events = try reader.get(RoomsMaps.roomStateKeyToEvent, all: keys.map { FixedKey(room, $0) })
        return zip(keys, events).reduce(into: [:]) { $0[$1.0] = $1.1 }
    }

    /// The room's current event for a type and state key.
    package func currentEvent(_ key: StateKey, in room: ShortRoomID) throws -> StoredEvent? {
        try currentEventID(key, in: room).flatMap { try event($0) }
    }

    /// The room's current events for many state keys, in the keys' order, read as batches; nil for those that it has none for.
    package func currentEvents(_ keys: [StateKey], in room: ShortRoomID) throws -> [StoredEvent?] {
        let shortKeys = try shortStateKeys(keys)
        let current = try currentEventIDs(shortKeys.compactMap(\.self), in: room)
        let events = Dictionary(try self.events(Array(current.values)).map { ($0.shortID, $0) }) { $1 }
        return shortKeys.map { $0.flatMap { current[$0] }.flatMap { events[$0] } }
    }

    /// The room's current state, or a part of it, as short IDs by ascending key.
    package func currentEntries(of room: ShortRoomID, _ part: StatePart = .everything) throws -> [(key: ShortStateKey, event: ShortEventID)]
    {
        let all = KeyRange.fixed(room)
        let firstMember = FixedKey(room, ShortStateKey.firstMember).encoded
        let range =
            switch part {
            case .everything: all
            case .members: all.from(firstMember)
            case .allButMembers: all.below(firstMember)
            }
        var entries = try reader.domain(RoomsMaps.roomStateKeyToEvent, range)
        return try entries.collect().map { ($0.key.parts.1, $0.value) }
    }

    /// Whether the rooms' state is only known in part, in the rooms' order.
    package func arePartial(_ rooms: [ShortRoomID]) throws -> [Bool] {
        try reader.get(RoomsMaps.partialStates, all: rooms.map { FixedKey($0, ShortEventID.none) }).map { $0 != nil }
    }
}
