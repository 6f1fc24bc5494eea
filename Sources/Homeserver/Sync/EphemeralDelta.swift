import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// What passes by in rooms, as far as a sync has to tell of it: who is typing, and what was read.
struct EphemeralDelta {
    /// The rooms in which somebody has begun to type or stopped.
    private(set) var rooms: Set<ShortRoomID> = []
    private var capture: SyncCapture?

    /// Nothing.
    init() {}

    /// - Parameter log: what the transitory database's log has since the token; nil when that is too much, or the log doesn't go back so far.
    init(_ capture: SyncCapture, _ log: [LogEntry]?) throws {
        self.capture = capture
        guard let since = capture.transitorySince else { return }
        if let log {
            for scope in Set(log.map(\.change.scope)) where scope.kind == .room {
                let room = try ShortRoomID(encoded: scope.id)
                if try RoomsView(capture.rooms).isJoined(capture.requester.userID, to: room) { rooms.insert(room) }
            }
        } else {
            let joined = try RoomsView(capture.rooms).joinedRooms(of: capture.requester.userID).map(\.room)
            for (room, newest) in zip(joined, try capture.transitory.positions(of: joined.map(\.scope))) {
                if let newest, newest > since { rooms.insert(room) }
            }
        }
    }

    /// The ephemeral events of a room.
    struct Events {
        /// As JSON.
        var events: [[UInt8]] = []
        /// Whether there is more among them than that nobody is typing whom the user doesn't ignore.
        var areNews = false
    }

    /// The ephemeral events of a room that the user is in.
    ///
    /// - Parameter since: what the client knows of the room; nil when the room is new to it.
    func events(in room: ShortRoomID, _ id: RoomID, since: Position?, _ builder: SyncBuilder) throws -> Events {
        let filter = builder.request.filter.ephemeral
        var events = Events()
        guard let capture, filter.wants(id) else { return events }
        if filter.wants(type: "m.typing", from: nil), since == nil || rooms.contains(room) {
            let all = try capture.transitory.typingUsers(in: room.scope)
            let users = all.filter { !builder.ignored.contains($0) }
            // To whom all is new, nobody is typing of whom nothing is said; others may know the room from before.
            if builder.since != nil || !users.isEmpty {
                events.events.append(Self.typing(users))
                events.areNews = !users.isEmpty || all.isEmpty
            }
        }
        if filter.wants(type: "m.receipt", from: nil) {
            let receipts = try ReceiptEvent(in: room, for: capture.requester.userID, since: since, ignoring: builder.ignored, builder.view)
            if !receipts.isEmpty {
                events.events.append(receipts.json)
                events.areNews = true
            }
        }
        return events
    }

    /// The event `m.typing` as JSON.
    static func typing(_ users: [UserID]) -> [UInt8] {
        let event: JSONObject = ["content": ["user_ids": .array(users.map { .string($0.string) })], "type": "m.typing"]
        return event.encoded()
    }
}
