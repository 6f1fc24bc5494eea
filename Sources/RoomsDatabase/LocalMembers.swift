import MatrixProtocol
import Store
import StoredIdentifiers
import Synchronization

/// Remembers which of our users are in a room, so that a new event wakes those who wait for it without a read.
///
/// Filled from the published state when the notifier asks, which is after the publication's actions have run; so what is
/// remembered is never older than the last publication.
final class LocalMembers: Sendable {
    private let rooms = Mutex<[[UInt8]: [Scope]]>([:])

    /// The most rooms that are remembered at a time.
    private static let roomsMax = 4096

    /// The members' scopes.
    func scopes(of room: Scope, in snapshot: PublishedSnapshot, on server: ServerName) -> [Scope] {
        if let scopes = rooms.withLock({ $0[room.id] }) { return scopes }
        // A failing read wakes nobody; whoever waits then finds the event when the request's time is up.
        guard let short = try? ShortRoomID(encoded: room.id), let members = try? RoomsView(snapshot).joinedMembers(of: short) else {
            return []
        }
        let scopes = members.filter { $0.isOn(server) }.map { Scope.user($0) }
        rooms.withLock { rooms in
            if rooms.count >= Self.roomsMax { rooms.removeAll() }
            rooms[room.id] = scopes
        }
        return scopes
    }

    /// Forgets a room whose members have changed.
    func forget(_ room: ShortRoomID) {
        rooms.withLock { $0[room.encoded] = nil }
    }
}
