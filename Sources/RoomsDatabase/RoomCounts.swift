import MatrixProtocol
import Store
import StoredIdentifiers

/// How many members a room has, and how many of each server.
extension RoomsCommit {
    /// Counts joined members of a room, which has its place in the public directory by their number.
    func countJoined(_ change: Int64, in room: ShortRoomID) throws {
        let before = try joinedCount(of: room)
        try count(RoomsMaps.roomJoinedCount, room, change)
        if try view.isPublic(room) { try moveInDirectory(room, from: before, to: joinedCount(of: room)) }
    }

    /// How many members are joined to the room.
    func joinedCount(of room: ShortRoomID) throws -> Int {
        Int(try commit.get(RoomsMaps.roomJoinedCount, room) ?? 0)
    }

    /// Changes one of the numbers that a column has for each room.
    func count(_ column: Column<ShortRoomID, UInt64>, _ room: ShortRoomID, _ change: Int64) throws {
        let count = Int64(try commit.get(column, room) ?? 0) + change
        commit.put(column, room, UInt64(max(0, count)))
    }

    /// Counts the joined members of the user's server, which is in the room as long as there is one.
    func countServer(of user: UserID, in room: ShortRoomID, _ change: Int64) throws {
        let server = user.serverName
        let count = Int64(try commit.get(RoomsMaps.roomServers, TupleKey(room, server)) ?? 0) + change
        if count > 0 {
            commit.put(RoomsMaps.roomServers, TupleKey(room, server), UInt64(count))
            commit.put(RoomsMaps.serverRooms, TupleKey(server, room), Empty())
        } else {
            commit.delete(RoomsMaps.roomServers, TupleKey(room, server))
            commit.delete(RoomsMaps.serverRooms, TupleKey(server, room))
        }
    }
}
