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
        if case .joined = before, membership == .join { return }
        let left = try end(before, of: user, in: room, for: membership, at: position)
        try begin(membership, of: user, in: room, after: left, stripped: given)
        if user.isOn(serverName) {
            commit.stamp(kind: RoomsChange.membership.rawValue, scope: .user(user)) { _ in room.encoded }
            commit.onPublication { [localMembers] in localMembers.setJoined(membership == .join, user, in: room) }
        }
    }

    /// Takes what a room was to a user out of the indexes. One that was left stays there, unless something new begins.
    ///
    /// - Returns: what the room is to somebody who leaves it now.
    private func end(
        _ before: RoomsView.Standing, of user: UserID, in room: ShortRoomID, for membership: Membership, at position: Position
    ) throws -> LeftRoom {
        let byRoom = TupleKey(room, user)
        let byUser = TupleKey(user, room)
        switch before {
        case .joined:
            commit.delete(RoomsMaps.roomJoined, byRoom)
            commit.delete(RoomsMaps.userJoined, byUser)
            try countJoined(-1, in: room)
            try countServer(of: user, in: room, -1)
            return LeftRoom(position: position, joinedUntil: position)
        case .invited(let invite):
            commit.delete(RoomsMaps.roomInvited, byRoom)
            commit.delete(RoomsMaps.userInvited, byUser)
            try count(RoomsMaps.roomInvitedCount, room, -1)
            return LeftRoom(position: position, joinedUntil: invite.joinedUntil)
        case .knocked(let knock):
            commit.delete(RoomsMaps.roomKnocked, byRoom)
            commit.delete(RoomsMaps.userKnocked, byUser)
            return LeftRoom(position: position, joinedUntil: knock.joinedUntil)
        case .left(let left):
            if membership != .leave && membership != .ban {
                commit.delete(RoomsMaps.roomLeft, byRoom)
                commit.delete(RoomsMaps.userLeft, byUser)
            }
            // What was forgotten stays so: nothing of it comes back with an invite or a ban.
            return LeftRoom(position: position, joinedUntil: left.isForgotten ? .zero : left.joinedUntil, isForgotten: left.isForgotten)
        case .stranger:
            return LeftRoom(position: position, joinedUntil: .zero)
        }
    }

    private func begin(
        _ membership: Membership, of user: UserID, in room: ShortRoomID, after left: LeftRoom, stripped given: [UInt8]?
    ) throws {
        let byRoom = TupleKey(room, user)
        let byUser = TupleKey(user, room)
        func stripped() throws -> StrippedRoom {
            StrippedRoom(
                position: left.position, joinedUntil: left.joinedUntil, state: try given ?? view.strippedState(of: room, for: user))
        }
        switch membership {
        case .join:
            commit.put(RoomsMaps.roomJoined, byRoom, left.position)
            commit.put(RoomsMaps.userJoined, byUser, left.position)
            commit.put(RoomsMaps.roomOnceJoined, byRoom, Empty())
            try countJoined(1, in: room)
            try countServer(of: user, in: room, 1)
        case .invite:
            commit.put(RoomsMaps.roomInvited, byRoom, left.position)
            commit.put(RoomsMaps.userInvited, byUser, try stripped())
            try count(RoomsMaps.roomInvitedCount, room, 1)
        case .knock:
            commit.put(RoomsMaps.roomKnocked, byRoom, left.position)
            commit.put(RoomsMaps.userKnocked, byUser, try stripped())
        case .leave, .ban:
            commit.put(RoomsMaps.roomLeft, byRoom, left.position)
            commit.put(RoomsMaps.userLeft, byUser, left)
        }
    }

    /// Marks a room that the user has left as forgotten; nothing happens when there is none.
    package func forget(_ room: ShortRoomID, by user: UserID) throws {
        guard var left = try commit.get(RoomsMaps.userLeft, TupleKey(user, room)) else { return }
        left.isForgotten = true
        commit.put(RoomsMaps.userLeft, TupleKey(user, room), left)
    }
}
