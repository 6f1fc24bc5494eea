import MatrixProtocol
import Store
import StoredIdentifiers

/// Rooms, their short IDs, and the ends of their timelines.
extension RoomsView {
    /// A room's short ID, or nil when nothing of the room is here.
    package func shortID(of room: RoomID) throws -> ShortRoomID? {
        try reader.get(RoomsMaps.roomIDToShortID, room)
    }

    /// The short IDs of rooms; those of which nothing is here are left out.
    package func shortIDs(of rooms: some Collection<RoomID>) throws -> Set<ShortRoomID> {
        Set(try reader.get(RoomsMaps.roomIDToShortID, all: Array(rooms)).compactMap(\.self))
    }

    /// The room's ID.
    package func roomID(of room: ShortRoomID) throws -> RoomID {
        guard let id = try reader.get(RoomsMaps.shortIDToRoomID, room) else {
            throw StoreError.undecodable([], as: "the ID of room \(room.number)")
        }
        return id
    }

    /// The IDs of rooms, in their order; those that have been deleted meanwhile are left out.
    package func roomIDs(of rooms: [ShortRoomID]) throws -> [RoomID] {
        try reader.get(RoomsMaps.shortIDToRoomID, all: rooms).compactMap(\.self)
    }

    /// The room's own facts, or nil when its create event is not here, or the room is being deleted.
    package func room(_ id: RoomID) throws -> Room? {
        guard let shortID = try shortID(of: id), try !reader.contains(RoomsMaps.disabledRoomIDs, id) else { return nil }
        return try room(id, shortID)
    }

    /// The room's own facts, whatever is done to it.
    func room(_ id: RoomID, _ shortID: ShortRoomID) throws -> Room? {
        guard let stored = try currentEvent(.create, in: shortID) else { return nil }
        // The version stands in the event that is to be read by its rules.
        guard let version = RoomVersion(CreateContent(try stored.content()).roomVersionID) else { return nil }
        let create = try Event(trusted: stored.json, id: stored.id, roomID: id, version: version)
        return Room(id: id, shortID: shortID, version: version, create: create)
    }

    /// The newest events, which no other event follows yet, and their depths.
    package func extremities(of room: ShortRoomID) throws -> [(event: ShortEventID, depth: Int64)] {
        try reader.get(RoomsMaps.roomExtremities, room)?.events ?? []
    }

    /// The order of the oldest event of the room's timeline, or nil when it has none.
    package func oldestOrder(of room: ShortRoomID) throws -> Int64? {
        try reader.first(RoomsMaps.pduIDToEvent, .fixed(room))?.key.order
    }

    /// The order of the newest event of the room's timeline, or nil when it has none.
    package func newestOrder(of room: ShortRoomID) throws -> Int64? {
        try reader.first(RoomsMaps.pduIDToEvent, .fixed(room), .backward)?.key.order
    }
}
