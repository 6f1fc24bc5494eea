import MatrixProtocol
import Store
import StoredIdentifiers

/// Who is in which room, from the indexes that follow the rooms' current states.
extension RoomsView {
    /// What a room is to a user.
    package enum Standing: Equatable, Sendable {
        /// Joined since the position.
        case joined(since: Position)
        case invited(StrippedRoom)
        case knocked(StrippedRoom)
        /// Left or banned.
        case left(LeftRoom)
        /// The user has never had to do with the room.
        case stranger
    }

    /// What the room is to the user now.
    package func standing(of user: UserID, in room: ShortRoomID) throws -> Standing {
        let (joined, invited, knocked, left) = try reader.row(
            TupleKey(user, room), RoomsMaps.userJoined, RoomsMaps.userInvited, RoomsMaps.userKnocked, RoomsMaps.userLeft)
        if let joined { return .joined(since: joined) }
        if let invited { return .invited(invited) }
        if let knocked { return .knocked(knocked) }
        if let left { return .left(left) }
        return .stranger
    }

    /// Whether the user is joined to the room.
    package func isJoined(_ user: UserID, to room: ShortRoomID) throws -> Bool {
        try reader.contains(RoomsMaps.roomJoined, TupleKey(room, user))
    }

    /// Whether the user is joined to the room, or was before.
    package func wasEverJoined(_ user: UserID, to room: ShortRoomID) throws -> Bool {
        try reader.contains(RoomsMaps.roomOnceJoined, TupleKey(room, user))
    }

    /// The rooms that the user is joined to, and since which position.
    package func joinedRooms(of user: UserID) throws -> [(room: ShortRoomID, since: Position)] {
        try rooms(of: user, RoomsMaps.userJoined)
    }

    /// The rooms that the user is joined to, in the order of their short IDs, from the one after `last` on, at most `limit`.
    package func joinedRooms(of user: UserID, after last: ShortRoomID?, limit: Int) throws -> [ShortRoomID] {
        let all = KeyRange.tuples(user)
        // The key's successor.
        let range = last.map { KeyRange(lower: TupleKey(user, $0).encoded + [0x00], upper: all.upper) } ?? all
        var rooms = try reader.domain(RoomsMaps.userJoined, range)
        return try rooms.collect(limit: limit).map { $0.key.parts.1 }
    }

    /// The rooms that the user is invited to.
    package func invitedRooms(of user: UserID) throws -> [(room: ShortRoomID, invite: StrippedRoom)] {
        try rooms(of: user, RoomsMaps.userInvited)
    }

    /// The rooms that the user asks to be let into.
    package func knockedRooms(of user: UserID) throws -> [(room: ShortRoomID, knock: StrippedRoom)] {
        try rooms(of: user, RoomsMaps.userKnocked)
    }

    /// The rooms that the user has left or been banned from, the forgotten ones included.
    package func leftRooms(of user: UserID) throws -> [(room: ShortRoomID, left: LeftRoom)] {
        try rooms(of: user, RoomsMaps.userLeft)
    }

    private func rooms<Value>(
        of user: UserID, _ column: Column<TupleKey<UserID, ShortRoomID>, Value>
    ) throws -> [(ShortRoomID, Value)] {
        var rooms = try reader.domain(column, .tuples(user))
        return try rooms.collect().map { ($0.key.parts.1, $0.value) }
    }

    /// The users who are joined to the room, by their IDs, at most `limit`.
    package func joinedMembers(of room: ShortRoomID, limit: Int = .max) throws -> [UserID] {
        try members(of: room, RoomsMaps.roomJoined, limit)
    }

    /// The users who are joined to the room, by their IDs, from the one after `last` on, at most `limit`.
    package func joinedMembers(of room: ShortRoomID, after last: UserID?, limit: Int) throws -> [UserID] {
        let all = KeyRange.tuples(room)
        // The key's successor.
        let range = last.map { KeyRange(lower: TupleKey(room, $0).encoded + [0x00], upper: all.upper) } ?? all
        var members = try reader.domain(RoomsMaps.roomJoined, range)
        return try members.collect(limit: limit).map { $0.key.parts.1 }
    }

    /// The first user by ID who is joined to the room and fits; those that come after are not read.
    package func firstJoinedMember(of room: ShortRoomID, where fits: (UserID) -> Bool) throws -> UserID? {
        var members = try reader.domain(RoomsMaps.roomJoined, .tuples(room))
        while let (key, _) = try members.next() {
            if fits(key.parts.1) { return key.parts.1 }
        }
        return nil
    }

    /// The users who are invited to the room, by their IDs, at most `limit`.
    package func invitedMembers(of room: ShortRoomID, limit: Int = .max) throws -> [UserID] {
        try members(of: room, RoomsMaps.roomInvited, limit)
    }

    /// The users who have left the room or were banned, by their IDs, at most `limit`.
    package func leftMembers(of room: ShortRoomID, limit: Int = .max) throws -> [UserID] {
        try members(of: room, RoomsMaps.roomLeft, limit)
    }

    private func members(
        of room: ShortRoomID, _ column: Column<TupleKey<ShortRoomID, UserID>, Position>, _ limit: Int
    ) throws -> [UserID] {
        var members = try reader.domain(column, .tuples(room))
        return try members.collect(limit: limit).map { $0.key.parts.1 }
    }

    /// The users who have had one of the memberships for the longest time, at most `limit`, in the order in which they got it.
    package func firstMembers(of room: ShortRoomID, _ memberships: Set<Membership>, limit: Int) throws -> [UserID] {
        let columns: [Membership: Column<TupleKey<ShortRoomID, UserID>, Position>] = [
            .join: RoomsMaps.roomJoined, .invite: RoomsMaps.roomInvited, .knock: RoomsMaps.roomKnocked, .leave: RoomsMaps.roomLeft,
        ]
        var first: [(since: Position, user: UserID)] = []
        for membership in memberships {
            guard let column = columns[membership] else { continue }
            var members = try reader.domain(column, .tuples(room))
            while let (key, since) = try members.next() {
                if first.count == limit, let last = first.last, last.since <= since { continue }
                let index = first.firstIndex { $0.since > since } ?? first.endIndex
                first.insert((since, key.parts.1), at: index)
                if first.count > limit { first.removeLast() }
            }
        }
        return first.map(\.user)
    }

    /// How many users are joined and invited.
    package func memberCounts(of room: ShortRoomID) throws -> (joined: Int, invited: Int) {
        let (joined, invited) = try reader.row(room, RoomsMaps.roomJoinedCount, RoomsMaps.roomInvitedCount)
        return (Int(joined ?? 0), Int(invited ?? 0))
    }
}
