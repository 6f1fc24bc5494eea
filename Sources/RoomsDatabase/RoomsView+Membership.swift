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
        // One after the other: it is mostly the members who ask.
        let key = TupleKey(user, room)
        if let joined = try reader.get(RoomsMaps.userJoined, key) { return .joined(since: joined) }
        if let invited = try reader.get(RoomsMaps.userInvited, key) { return .invited(invited) }
        if let knocked = try reader.get(RoomsMaps.userKnocked, key) { return .knocked(knocked) }
        if let left = try reader.get(RoomsMaps.userLeft, key) { return .left(left) }
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

    /// Whether two users are joined to one room.
    package func doShareRoom(_ first: UserID, _ second: UserID) throws -> Bool {
        var last: ShortRoomID?
        while true {
            let rooms = try joinedRooms(of: first, after: last, limit: Self.comparedRooms)
            let positions = try reader.get(RoomsMaps.roomJoined, all: rooms.map { TupleKey($0, second) })
            if positions.contains(where: { $0 != nil }) { return true }
            if rooms.count < Self.comparedRooms { return false }
            last = rooms.last
        }
    }

    /// So many rooms are looked up at a time.
    private static let comparedRooms = 100

    /// The users who are joined to the room, and since which position.
    package func joinedMembersWithPositions(of room: ShortRoomID) throws -> [(user: UserID, since: Position)] {
        var members = try reader.domain(RoomsMaps.roomJoined, .tuples(room))
        return try members.collect().map { ($0.key.parts.1, $0.value) }
    }

    /// Since which positions users are joined to the room, in the users' order; nil for those who aren't.
    package func joins(of users: [UserID], to room: ShortRoomID) throws -> [Position?] {
        try reader.get(RoomsMaps.roomJoined, all: users.map { TupleKey(room, $0) })
    }

    /// The users of a server who are joined to the room, by their IDs.
    package func joinedMembers(of room: ShortRoomID, on server: ServerName) throws -> [UserID] {
        let count = Int(try reader.get(RoomsMaps.roomServers, TupleKey(room, server)) ?? 0)
        return try members(of: room, RoomsMaps.roomJoined, on: server, limit: count)
    }

    /// The users of a server who have had to do with the room, whatever they are to it now.
    func knownUsers(of server: ServerName, in room: ShortRoomID) throws -> [UserID] {
        try [RoomsMaps.roomJoined, RoomsMaps.roomInvited, RoomsMaps.roomKnocked, RoomsMaps.roomLeft].flatMap {
            try members(of: room, $0, on: server, limit: .max)
        }
    }

    /// Few of a large room's members may be wanted, so the keys' ends are looked at before they are decoded.
    private func members(
        of room: ShortRoomID, _ column: Column<TupleKey<ShortRoomID, UserID>, Position>, on server: ServerName, limit: Int
    ) throws -> [UserID] {
        let ending = Array(":\(server)".utf8) + [0]
        let cursor = try reader.cursor(through: .tuples(room), of: column.map, .forward)
        var members: [UserID] = []
        while members.count < limit, let (key, _) = try cursor.next() {
            guard key.suffix(ending.count).elementsEqual(ending) else { continue }
            members.append(try TupleKey<ShortRoomID, UserID>(encoded: key).parts.1)
        }
        return members
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

    /// So many members are compared to find the first ones. Whoever stands for a room with more than that is as good as anybody.
    private static let comparedMax = 500

    /// The users who have had one of the memberships for the longest time, at most `limit`, in the order in which they got it. In a room
    /// with very many members it is the first of some of them.
    package func firstMembers(of room: ShortRoomID, _ memberships: Set<Membership>, limit: Int) throws -> [UserID] {
        let columns: [Membership: Column<TupleKey<ShortRoomID, UserID>, Position>] = [
            .join: RoomsMaps.roomJoined, .invite: RoomsMaps.roomInvited, .knock: RoomsMaps.roomKnocked, .leave: RoomsMaps.roomLeft,
        ]
        var first: [(since: Position, user: UserID)] = []
        for membership in memberships {
            guard let column = columns[membership] else { continue }
            var members = try reader.domain(column, .tuples(room))
            var compared = 0
            while compared < Self.comparedMax, let (key, since) = try members.next() {
                compared += 1
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
        (try joinedCount(of: room), Int(try reader.get(RoomsMaps.roomInvitedCount, room) ?? 0))
    }

    /// How many users are joined to the room.
    package func joinedCount(of room: ShortRoomID) throws -> Int {
        Int(try reader.get(RoomsMaps.roomJoinedCount, room) ?? 0)
    }
}
