import MatrixProtocol
import Store
import StoredIdentifiers

/// The indexes of memberships, which follow the room's current state.
extension RoomsCommit {
    /// Takes over a user's new membership, which is in force since `position`.
    ///
    /// - Parameter stripped: what an invited or knocking user is told of the room, where that isn't what its state says here.
    func setMembership(
        of user: UserID, in room: ShortRoomID, to membership: Membership, at position: Position, stripped given: [UInt8]? = nil
    ) throws {
        let before = try view.standing(of: user, in: room)
        let byRoom = TupleKey(room, user)
        let byUser = TupleKey(user, room)
        var joinedUntil = Position(0)
        var isForgotten = false
        switch before {
        case .joined where membership == .join: return
        case .joined:
            joinedUntil = position
            commit.delete(RoomsMaps.roomJoined, byRoom)
            commit.delete(RoomsMaps.userJoined, byUser)
            try countJoined(-1, in: room)
            try countServer(of: user, in: room, -1)
        case .invited(let invite):
            joinedUntil = invite.joinedUntil
            commit.delete(RoomsMaps.roomInvited, byRoom)
            commit.delete(RoomsMaps.userInvited, byUser)
            try count(RoomsMaps.roomInvitedCount, room, -1)
        case .knocked(let knock):
            joinedUntil = knock.joinedUntil
            commit.delete(RoomsMaps.roomKnocked, byRoom)
            commit.delete(RoomsMaps.userKnocked, byUser)
        case .left(let left):
            // What was forgotten stays so: nothing of it comes back with an invite or a ban.
            isForgotten = left.isForgotten
            if !isForgotten { joinedUntil = left.joinedUntil }
            if membership != .leave && membership != .ban {
                commit.delete(RoomsMaps.roomLeft, byRoom)
                commit.delete(RoomsMaps.userLeft, byUser)
            }
        case .stranger: break
        }

        func stripped() throws -> StrippedRoom {
            StrippedRoom(position: position, joinedUntil: joinedUntil, state: try given ?? view.strippedState(of: room, for: user))
        }
        switch membership {
        case .join:
            commit.put(RoomsMaps.roomJoined, byRoom, position)
            commit.put(RoomsMaps.userJoined, byUser, position)
            commit.put(RoomsMaps.roomOnceJoined, byRoom, Empty())
            try countJoined(1, in: room)
            try countServer(of: user, in: room, 1)
        case .invite:
            commit.put(RoomsMaps.roomInvited, byRoom, position)
            commit.put(RoomsMaps.userInvited, byUser, try stripped())
            try count(RoomsMaps.roomInvitedCount, room, 1)
        case .knock:
            commit.put(RoomsMaps.roomKnocked, byRoom, position)
            commit.put(RoomsMaps.userKnocked, byUser, try stripped())
        case .leave, .ban:
            commit.put(RoomsMaps.roomLeft, byRoom, position)
            commit.put(RoomsMaps.userLeft, byUser, LeftRoom(position: position, joinedUntil: joinedUntil, isForgotten: isForgotten))
        }

        if user.isOn(serverName) {
            commit.stamp(kind: RoomsChange.membership.rawValue, scope: .user(user)) { _ in room.encoded }
            commit.onPublication { [localMembers] in localMembers.setJoined(membership == .join, user, in: room) }
        }
    }

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

    /// Marks a room that the user has left as forgotten; nothing happens when there is none.
    package func forget(_ room: ShortRoomID, by user: UserID) throws {
        guard var left = try commit.get(RoomsMaps.userLeft, TupleKey(user, room)) else { return }
        left.isForgotten = true
        commit.put(RoomsMaps.userLeft, TupleKey(user, room), left)
    }
}
