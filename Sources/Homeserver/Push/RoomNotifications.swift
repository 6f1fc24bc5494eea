import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Which events of a room notify one of its members, by the member's rules.
struct RoomNotifications {
    let room: ShortRoomID
    let id: RoomID
    let user: UserID
    let view: RoomsView
    let rules: PushEvaluator
    let ignored: IgnoredUsers
    /// How far the member has read.
    let read: ReadPositions
    let facts: PushRoomFacts

    init(of room: ShortRoomID, _ id: RoomID, for user: UserID, by rules: PushEvaluator, ignoring ignored: IgnoredUsers, in view: RoomsView)
        throws
    {
        self.room = room
        self.id = id
        self.user = user
        self.view = view
        self.rules = rules
        self.ignored = ignored
        read = try view.readPositions(of: user, in: room)
        facts = PushRoomFacts(of: room, id, for: user, in: view)
    }

    /// The actions for an event; `nil` for one that doesn't notify.
    func actions(for event: StoredEvent) throws -> [JSONValue]? {
        // Of what was redacted nobody is told.
        guard event.redaction == .none, try !ignored.hide(event),
            let json = try JSONValue(parsing: event.json).objectValue, let sender = json["sender"]?.stringValue
        else { return nil }
        let pushEvent = PushEvent(json, id: event.id, roomID: id, sender: UserID(trusted: sender))
        guard let actions = try rules.actions(for: pushEvent, in: facts), PushActions(actions).notifies else { return nil }
        return actions
    }

    /// Whether the member has read an event.
    func hasRead(_ event: StoredEvent, at pduID: PDUID) throws -> Bool {
        try read.order(in: view.thread(of: event, in: room)).map { pduID.order <= $0 } ?? false
    }
}
