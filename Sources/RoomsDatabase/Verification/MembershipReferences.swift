import MatrixProtocol
import Store
import StoredIdentifiers

/// Memberships: the two sides of each, and the events that they come from.
extension RoomsVerification {
    static func memberships(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        try pair(Maps.roomJoined, Maps.userJoined, [.join], { $0 }, &check)
        try pair(Maps.roomInvited, Maps.userInvited, [.invite], \.position, &check)
        try pair(Maps.roomKnocked, Maps.userKnocked, [.knock], \.position, &check)
        try pair(Maps.roomLeft, Maps.userLeft, [.leave, .ban], \.position, &check)
        try check.each(Maps.roomJoined, has: Maps.roomOnceJoined)
        try standings(&check)
    }

    /// Looks whether a membership stands on both sides with one position, and whether the room's state says the same.
    private static func pair<Value>(
        _ byRoom: Column<TupleKey<ShortRoomID, UserID>, Position>, _ byUser: Column<TupleKey<UserID, ShortRoomID>, Value>,
        _ memberships: [Membership], _ position: (Value) -> Position, _ check: inout ReferenceCheck
    ) throws {
        try check.each(
            byRoom, has: byUser, at: { key, _ in TupleKey(key.parts.1, key.parts.0) }, where: { $1 == position($2) })
        try check.each(
            byUser, has: byRoom, at: { key, _ in TupleKey(key.parts.1, key.parts.0) }, where: { position($1) == $2 })
        let view = RoomsView(check.reader)
        let ownName = try ownName(check)
        try check.walk(byRoom) { check, entries in
            for (key, _) in entries {
                let (room, user) = key.parts
                // Of a room that nobody here is in, the state says nothing of what happens now; nor does one that lacks members.
                guard try ownName.map({ try view.isInRoom($0, room) }) ?? true, try !view.isPartial(room) else { continue }
                // Who is no longer in a resolved state has left.
                let membership = try view.currentEvent(.member(user), in: room).map { event($0)?.membership } ?? .leave
                if membership.map({ !memberships.contains($0) }) ?? true {
                    check.note(byRoom, key, "the room's state says \(membership?.rawValue ?? "nothing")")
                }
            }
        }
    }

    /// Looks whether every membership of a room's state is among those that are kept by user.
    private static func standings(_ check: inout ReferenceCheck) throws {
        let view = RoomsView(check.reader)
        let ownName = try ownName(check)
        try check.walk(RoomsMaps.roomStateKeyToEvent) { check, entries in
            for (key, shortID) in entries where key.parts.1.isMember {
                guard let (_, text) = try view.reader.get(RoomsMaps.shortIDToStateKey, key.parts.1)?.parts,
                    let membership = try view.event(shortID).flatMap({ event($0)?.membership })
                else { continue }
                guard try ownName.map({ try view.isInRoom($0, key.parts.0) }) ?? true, try !view.isPartial(key.parts.0) else { continue }
                if try !view.standing(of: UserID(trusted: text), in: key.parts.0).isOf(membership) {
                    check.note(RoomsMaps.roomStateKeyToEvent, key, "the membership of \(text) is not the one that is kept by user")
                }
            }
        }
    }

    /// Whose data it is.
    static func ownName(_ check: ReferenceCheck) throws -> ServerName? {
        try check.serverName().map { ServerName(trusted: $0) }
    }
}
