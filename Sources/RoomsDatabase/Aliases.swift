import MatrixProtocol
import Store
import StoredIdentifiers

/// Room aliases.
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
}
