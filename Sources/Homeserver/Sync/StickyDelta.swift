import MatrixProtocol
import RoomsDatabase
import Store
import StoredIdentifiers

/// The events that stick to a user's rooms of which a client hasn't been told as such (MSC4354), in the order in which they came.
struct StickyDelta: Sendable {
    /// The most events of one answer.
    static let eventsMax = 100

    private var byRoom: [ShortRoomID: [ShortEventID]] = [:]
    /// Up to which position of the rooms' database they are here; nil when these are all.
    private(set) var end: Position?

    /// The rooms that have some.
    var rooms: [ShortRoomID] { Array(byRoom.keys) }

    /// None.
    init() {}

    /// What a client is told of that has the events up to a token.
    ///
    /// - Parameters:
    ///   - changed: the user's rooms in which something may have happened since the token.
    ///   - token: nil for a client that begins.
    ///   - now: in milliseconds since 1970.
    init(
        of user: UserID, in changed: [SyncBuilder.UserRoom], since token: SyncToken?, limit: Int = eventsMax, at now: Int64,
        _ rooms: PublishedSnapshot
    ) throws {
        let view = RoomsView(rooms)
        guard try view.hasStickyEvents(at: now) else { return }
        var joined: [ShortRoomID: Position] = [:]
        for case (let room, .joined(let since)) in changed { joined[room] = since }
        // What an earlier answer had no room for may be in any of them.
        if token?.sticky != nil { for (room, since) in try view.joinedRooms(of: user) { joined[room] = since } }
        var events: [StickyEvent] = []
        for (room, since) in joined {
            // A token of a database that was lost may be beyond what there is.
            let told = token.flatMap { since > $0.rooms.position ? nil : min(($0.sticky ?? $0.rooms).position, rooms.position) }
            events += try view.stickyEvents(in: room, after: told, at: now, limit: limit + 1)
        }
        events.sort { $0.position < $1.position }
        if events.count > limit {
            events.removeLast(events.count - limit)
            end = events.last?.position
        }
        for event in events { byRoom[event.room, default: []].append(event.event) }
    }

    /// The events of a room, but those that a client is told of at their places in the timeline, and those that the user doesn't want to see.
    func events(
        in room: ShortRoomID, but timeline: @autoclosure () -> Set<EventID>, ignoring ignored: IgnoredUsers, _ view: RoomsView
    ) throws -> [StoredEvent] {
        guard let events = byRoom[room] else { return [] }
        let shown = timeline()
        return try view.events(events).filter { try !shown.contains($0.id) && !ignored.hide($0) }
    }
}
