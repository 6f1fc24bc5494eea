import MatrixProtocol
import Store
import StoredIdentifiers
import Synchronization

/// Remembers which of our users are in a room, so that a new event wakes those who wait for it without a read.
///
/// Filled from the published state when the notifier asks, which is after the publication's actions have run, and kept up by these; so
/// what is remembered is that of the last publication.
final class LocalMembers: Sendable {
    private let rooms = Mutex<[ShortRoomID: Set<Scope>]>([:])
    private let leaveAction = Mutex<(@Sendable (UserID, ShortRoomID) -> Void)?>(nil)

    /// The most rooms that are remembered at a time.
    private static let roomsMax = 4096

    /// The members' scopes.
    func scopes(of room: Scope, in snapshot: PublishedSnapshot, on server: ServerName) -> Set<Scope> {
        guard let short = try? ShortRoomID(encoded: room.id) else { return [] }
        if let scopes = rooms.withLock({ $0[short] }) { return scopes }
        // A failing read wakes nobody; whoever waits then finds the event when the request's time is up.
        guard let members = try? RoomsView(snapshot).joinedMembers(of: short, on: server) else { return [] }
        let scopes = Set(members.map { Scope.user($0) })
        rooms.withLock { rooms in
            if rooms.count >= Self.roomsMax { rooms.removeAll() }
            rooms[short] = scopes
        }
        return scopes
    }

    /// The scopes of those who share a room with the user whose device list or presence it is, and the user's own.
    func scopes(sharingRoomsWith scope: Scope, in snapshot: PublishedSnapshot, on server: ServerName) -> Set<Scope> {
        guard let user = try? UserID(encoded: scope.id) else { return [] }
        let rooms = (try? RoomsView(snapshot).joinedRooms(of: user)) ?? []
        return rooms.reduce(into: [.user(user)]) { $0.formUnion(scopes(of: $1.room.scope, in: snapshot, on: server)) }
    }

    /// Forgets every room, when publications may have gone by without their actions.
    func forgetAll() {
        rooms.withLock { $0.removeAll() }
    }

    /// Has `action` called when one of our users is no longer in a room.
    func onLeave(_ action: @escaping @Sendable (UserID, ShortRoomID) -> Void) {
        leaveAction.withLock { $0 = action }
    }

    /// Takes over a membership of one of our users that is being published. Rooms that aren't remembered stay so.
    func setJoined(_ isJoined: Bool, _ user: UserID, in room: ShortRoomID) {
        rooms.withLock { rooms in
            if isJoined { rooms[room]?.insert(.user(user)) } else { rooms[room]?.remove(.user(user)) }
        }
        if !isJoined { leaveAction.withLock { $0 }?(user, room) }
    }
}
