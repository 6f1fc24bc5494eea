import MatrixProtocol
import Store
import StoredIdentifiers

/// Room aliases and the public directory.
extension RoomsView {
    /// The room that an alias of this server leads to.
    package func room(of alias: RoomAlias) throws -> RoomID? {
        try reader.get(RoomsMaps.aliasToRoomID, alias)
    }

    /// Who made the alias.
    package func creator(of alias: RoomAlias) throws -> UserID? {
        try reader.get(RoomsMaps.aliasToUserID, alias)
    }

    /// The aliases of this server that lead to the room.
    package func aliases(of room: ShortRoomID) throws -> [RoomAlias] {
        var aliases = try reader.domain(RoomsMaps.roomAliases, .tuples(room))
        return try aliases.collect().map { $0.key.parts.1 }
    }

    /// Whether the room is in the public directory.
    package func isPublic(_ room: ShortRoomID) throws -> Bool {
        try reader.contains(RoomsMaps.publicRooms, room)
    }

    /// All rooms of the public directory, and how many users are joined to them.
    package func publicRooms() throws -> [(room: ShortRoomID, joinedCount: Int)] {
        var entries = try reader.domain(RoomsMaps.publicRooms, .all)
        let rooms = try entries.collect().map(\.key)
        return zip(rooms, try reader.get(RoomsMaps.roomJoinedCount, all: rooms)).map { ($0, Int($1 ?? 0)) }
    }
}

extension RoomsCommit {
    /// Has an alias lead to a room.
    package func setAlias(_ alias: RoomAlias, to room: Room, by user: UserID) {
        commit.put(RoomsMaps.aliasToRoomID, alias, room.id)
        commit.put(RoomsMaps.aliasToUserID, alias, user)
        commit.put(RoomsMaps.roomAliases, TupleKey(room.shortID, alias), Empty())
    }

    /// Takes an alias away from its room.
    package func deleteAlias(_ alias: RoomAlias, of room: ShortRoomID) {
        commit.delete(RoomsMaps.aliasToRoomID, alias)
        commit.delete(RoomsMaps.aliasToUserID, alias)
        commit.delete(RoomsMaps.roomAliases, TupleKey(room, alias))
    }

    /// Puts a room into the public directory, or takes it out.
    package func setPublic(_ isPublic: Bool, _ room: ShortRoomID) {
        if isPublic {
            commit.put(RoomsMaps.publicRooms, room, Empty())
        } else {
            commit.delete(RoomsMaps.publicRooms, room)
        }
    }
}
