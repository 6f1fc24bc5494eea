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

    /// The actions for an event; nil for one that doesn't notify.
    func actions(for event: StoredEvent) throws -> [JSONValue]? {
        // Of what was redacted nobody is told.
        guard event.redaction == .none, try !ignored.hide(event),
            let json = try JSONValue(parsing: event.json).objectValue, let sender = json["sender"]?.stringValue
        else { return nil }
        let pushEvent = PushEvent(json, id: event.id, roomID: id, sender: UserID(trusted: sender))
        guard let actions = try rules.actions(for: pushEvent, in: facts), PushActions(actions).notifies else { return nil }
        return actions
    }

    /// What was seen of a stretch of the timeline, beside what is unread of it.
    struct Stretch {
        /// The threads in which the member has said something: what came before that has been read.
        var answered: Set<ThreadID> = []
        /// Whether an event of the room was redacted.
        var hasRedactions = false
        /// How many events were looked at.
        var count = 0
    }

    /// Looks for the unread events that notify the member, from the newest one back.
    ///
    /// - Parameters:
    ///   - first: the order of the oldest event that is looked at.
    ///   - countMax: so many events are looked at, at most.
    ///   - body: is given each unread event that notifies the member.
    func forEachUnread(
        from first: Int64, through last: Int64, countMax: Int, _ body: (StoredEvent, ThreadID, PushActions) throws -> Void
    ) throws -> Stretch {
        var stretch = Stretch()
        let first = max(first, read.unthreaded.map { $0 + 1 } ?? first)
        guard first <= last else { return stretch }
        var newest = try view.timeline(of: room, first...last, .backward)
        while stretch.count < countMax, let (pduID, event) = try newest.next() {
            stretch.count += 1
            // History that came later is no news.
            guard pduID.isLive else { continue }
            let fields = try JSONFields(scanning: event.json)
            if fields.string("type") == EventType.roomRedaction { stretch.hasRedactions = true }
            if fields.string("sender") == user.string {
                // Who answers has read what came before.
                if fields["state_key"] == nil { stretch.answered.insert(try view.thread(of: event, in: room)) }
                continue
            }
            guard let actions = try actions(for: event) else { continue }
            let thread = try view.thread(of: event, in: room)
            guard !stretch.answered.contains(thread), read.order(in: thread).map({ pduID.order > $0 }) ?? true else { continue }
            try body(event, thread, PushActions(actions))
        }
        return stretch
    }

    /// Whether the member has read an event.
    func hasRead(_ event: StoredEvent, at pduID: PDUID) throws -> Bool {
        try read.order(in: view.thread(of: event, in: room)).map { pduID.order <= $0 } ?? false
    }
}
