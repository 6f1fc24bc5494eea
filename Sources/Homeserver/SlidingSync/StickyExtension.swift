import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import StoredIdentifiers

/// The events that stick to a user's rooms, as simplified sliding sync tells of them (MSC4354): with a token of their own.
struct StickyExtension {
    private var rooms: [(id: RoomID, events: [UInt8])] = []
    private let nextBatch: SyncToken

    /// Whether there is any event that the client doesn't know.
    var tellsSomething: Bool { !rooms.isEmpty }

    /// - Parameters:
    ///   - changed: the requester's rooms in which something may have happened since the client's `pos`.
    ///   - timelines: the events that the same answer has in the rooms' timelines.
    init(
        _ wanted: SlidingSyncExtensions.StickyEvents, _ capture: SlidingSyncCapture, changed: [SyncBuilder.UserRoom],
        timelines: [ShortRoomID: Set<EventID>]
    ) throws {
        let sync = capture.sync
        let user = sync.requester.userID
        let view = RoomsView(sync.rooms)
        let isCovered = wanted.since.flatMap { since in capture.position.map { since.rooms.position >= $0.token.rooms.position } } ?? false
        let candidates: [SyncBuilder.UserRoom] =
            try isCovered ? changed : view.joinedRooms(of: user).map { (room: $0.room, standing: .joined(since: $0.since)) }
        let delta = try StickyDelta(of: user, in: candidates, since: wanted.since, limit: wanted.limit, at: sync.now, sync.rooms)
        nextBatch = SyncToken(rooms: sync.rooms.position, accounts: .zero, transitory: .zero, sticky: delta.end)
        if delta.rooms.isEmpty { return }
        let ignored = try AccountsView(sync.accounts).ignoredUsers(of: user)
        let clientEvents = ClientEvents(view: view, requester: sync.requester, now: sync.now, ignored: ignored)
        for room in delta.rooms.sorted() {
            let events = try delta.events(in: room, but: timelines[room] ?? [], ignoring: ignored, view)
            guard !events.isEmpty else { continue }
            var writer = JSONWriter(capacity: 1024)
            writer.beginArray()
            try clientEvents.write(events, roomID: nil, to: &writer)
            writer.endArray()
            rooms.append((try view.roomID(of: room), writer.bytes))
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("rooms")
        writer.beginObject()
        for room in rooms {
            writer.key(room.id.string)
            writer.beginObject()
            writer.key("events")
            writer.raw(room.events)
            writer.endObject()
        }
        writer.endObject()
        writer.key("next_batch")
        writer.string(nextBatch.description)
        writer.endObject()
    }
}
