import MatrixProtocol
import Store
import StoredIdentifiers

/// Rooms that this server is not in: known by an invite or a knock, or left by everybody here.
extension RoomsCommit {
    /// Takes a membership of one of our users in a room that this server is not in: an invite, a knock, or the end of either.
    ///
    /// The event is kept as an outlier; nothing here can judge it. Nothing happens when it is no such membership: in a room that this
    /// server is in it is the room's events that count.
    ///
    /// - Parameters:
    ///   - event: the user's member event, which has passed the checks on it alone.
    ///   - stripped: what is told of the room, as a JSON array of stripped state events.
    package func receiveMembershipOutside(_ event: Event, stripped: [UInt8]) throws {
        guard event.type == EventType.roomMember, let user = event.stateKey.map(UserID.init(trusted:)), user.isOn(serverName),
            let membership = event.membership, membership != .join, try view.standing(of: event.id) == .unknown
        else { return }
        let room = try makeShortRoomID(event.roomID)
        guard try !view.isInRoom(serverName, room) else { return }
        let shortID = try makeShortEventID(event.id)
        noteWriting(shortID)
        commit.put(RoomsMaps.eventIDToOutlier, event.id, StoredEvent(id: event.id, shortID: shortID, replaced: .none, json: event.bytes))
        commit.put(RoomsMaps.roomOutliers, FixedKey(room, shortID), Empty())
        let position = commit.stamp(kind: RoomsChange.state.rawValue, scope: room.scope) { _ in [] }
        try setMembership(of: user, in: room, to: membership, at: position, stripped: stripped)
    }
}

extension RoomsView {
    /// Whether a user of the server is joined to the room. Where nobody is, the room's state is what it was when the last one left.
    package func isInRoom(_ server: ServerName, _ room: ShortRoomID) throws -> Bool {
        try reader.contains(RoomsMaps.roomServers, TupleKey(room, server))
    }
}
