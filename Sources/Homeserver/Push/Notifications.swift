import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What a client asks of the list of notifications (`GET /notifications`).
package struct NotificationsRequest: Sendable {
    /// Where to go on; nil begins with the newest one.
    package var from: PaginationToken?
    /// The most notifications to give.
    package var limit: Int
    /// Whether only those are wanted that stand out.
    package var isForHighlights: Bool

    package init(from: PaginationToken? = nil, limit: Int = 50, isForHighlights: Bool = false) {
        self.from = from
        self.limit = limit
        self.isForHighlights = isForHighlights
    }
}

/// The events that a user has been, or would have been, notified of ("Listing Notifications").
///
/// They are found in the timelines of the user's rooms when somebody asks, by the rules that hold then, the newest first over all rooms.
package final class Notifications: Sendable {
    private let rooms: RoomsDatabase
    private let accounts: AccountsDatabase
    private let evaluators: PushEvaluators
    private let clock: any Clock

    /// The most events that one answer looks at.
    private static let scannedMax = 2000

    init(rooms: RoomsDatabase, accounts: AccountsDatabase, evaluators: PushEvaluators, clock: any Clock) {
        self.rooms = rooms
        self.accounts = accounts
        self.evaluators = evaluators
        self.clock = clock
    }

    /// An event, its place, and what is to be done about it.
    private typealias Notification = (event: StoredEvent, pduID: PDUID, actions: [JSONValue], room: RoomNotifications)

    /// A page of the list, as the endpoint's answer.
    package func list(_ request: NotificationsRequest, for requester: Requester) throws -> [UInt8] {
        let snapshot = rooms.snapshot()
        let view = RoomsView(snapshot)
        let (page, end) = try page(request, for: requester, view, snapshot)
        var writer = JSONWriter(capacity: 8 << 10)
        writer.beginObject()
        writer.key("notifications")
        writer.beginArray()
        for (event, pduID, actions, room) in page {
            writer.beginObject()
            writer.key("actions")
            writer.value(.array(actions))
            writer.key("event")
            try ClientEvents(view: view, requester: requester, now: clock.now()).write(event, roomID: nil, to: &writer)
            writer.key("read")
            writer.bool(try room.hasRead(event, at: pduID))
            writer.key("room_id")
            writer.string(room.id.string)
            writer.key("ts")
            writer.integer(try event.originServerTS())
            writer.endObject()
        }
        writer.endArray()
        if let end {
            writer.key("next_token")
            writer.string(PaginationToken(order: end).description)
        }
        writer.endObject()
        return writer.bytes
    }

    /// The notifications of a page, and the order after which the next one begins; nil at the end.
    private func page(
        _ request: NotificationsRequest, for requester: Requester, _ view: RoomsView, _ snapshot: PublishedSnapshot
    ) throws -> (page: [Notification], end: Int64?) {
        let user = requester.userID
        let accountsView = accounts.view()
        let rules = try evaluators.evaluator(of: user, in: accountsView)
        let ignored = try accountsView.ignoredUsers(of: user)
        var timelines = try timelines(of: user, below: request.from?.order ?? .max, view, snapshot, accountsView)
        var known: [ShortRoomID: RoomNotifications] = [:]
        var page: [Notification] = []
        var end: Int64?
        var scanned = 0
        while let (pduID, event) = try timelines.next(in: view) {
            guard page.count < request.limit, scanned < Self.scannedMax else { return (page, end) }
            scanned += 1
            end = pduID.order
            let room =
                try known[pduID.room]
                ?? RoomNotifications(of: pduID.room, view.roomID(of: pduID.room), for: user, by: rules, ignoring: ignored, in: view)
            known[pduID.room] = room
            guard let actions = try room.actions(for: event) else { continue }
            if !request.isForHighlights || PushActions(actions).highlights { page.append((event, pduID, actions, room)) }
        }
        return (page, nil)
    }

    /// The timelines of the rooms that the user is joined to, as far as the user has been there, and the invites: those that led there, and those
    /// that still wait.
    private func timelines(
        of user: UserID, below order: Int64, _ view: RoomsView, _ snapshot: PublishedSnapshot, _ accountsView: AccountsView
    ) throws -> MergedTimelines {
        let joined = try view.joinedRooms(of: user)
        let newest = try snapshot.positions(of: joined.map(\.room.scope))
        let end = order == .max ? .max : order - 1
        var stretches: [MergedTimelines.Stretch] = []
        for ((room, since), newest) in zip(joined, newest) {
            guard let newest else { continue }
            let first = PDUID.order(of: since)
            stretches.append((room: room, oldest: first, newest: min(PDUID.order(of: newest), end)))
            if let invite = try invite(of: user, to: room, beforeJoinAt: first, view) {
                stretches.append((room: room, oldest: invite.order, newest: min(invite.order, end)))
            }
        }
        let hidden = try HiddenInvites(of: user, in: accountsView)
        for (room, invite) in try view.invitedRooms(of: user) {
            guard try !hidden.contains(invite) else { continue }
            let order = PDUID.order(of: invite.position)
            stretches.append((room: room, oldest: order, newest: min(order, end)))
        }
        return MergedTimelines(stretches)
    }

    /// The place of the invite that a join has followed, if there was one.
    private func invite(of user: UserID, to room: ShortRoomID, beforeJoinAt order: Int64, _ view: RoomsView) throws -> PDUID? {
        guard let join = try view.event(at: PDUID(room: room, order: order)),
            let before = try view.event(of: .member(user), in: view.state(before: join.shortID)).flatMap({ try view.event($0) }),
            try before.membership() == .invite
        else { return nil }
        return try view.timelineEvent(before.id)?.pduID
    }
}

/// Several rooms' live events, the newest first over all of them. A room is read as soon as it may have the next event, a few events at a time.
struct MergedTimelines {
    /// The oldest and the newest order that is wanted of a room.
    typealias Stretch = (room: ShortRoomID, oldest: Int64, newest: Int64)

    private struct Timeline {
        let room: ShortRoomID
        /// The oldest order that is inside.
        let first: Int64
        /// The newest order that hasn't been read.
        var unread: Int64
        /// What was read and not given yet, the newest last.
        var events: [(pduID: PDUID, event: StoredEvent)] = []

        /// No event that is still to come has a higher order.
        var upperBound: Int64 { events.last?.pduID.order ?? unread }
    }

    /// By their bounds: the highest is the last.
    private var timelines: [Timeline]

    /// So many events of a room are read at a time.
    private static let eventsPerRead = 20

    init(_ stretches: [Stretch]) {
        timelines = stretches.filter { $0.oldest <= $0.newest }
            .map { Timeline(room: $0.room, first: $0.oldest, unread: $0.newest) }
            .sorted { $0.upperBound < $1.upperBound }
    }

    /// The next event; nil at the end.
    mutating func next(in view: RoomsView) throws -> (pduID: PDUID, event: StoredEvent)? {
        while var timeline = timelines.popLast() {
            if let event = timeline.events.popLast() {
                insert(timeline)
                return event
            }
            guard timeline.first <= timeline.unread else { continue }
            var newest = try view.timeline(of: timeline.room, timeline.first...timeline.unread, .backward)
            let events = try newest.collect(limit: Self.eventsPerRead)
            guard let last = events.last else { continue }
            timeline.unread = last.key.order - 1
            timeline.events = events.reversed().filter { $0.key.isLive }.map { ($0.key, $0.value) }
            insert(timeline)
        }
        return nil
    }

    private mutating func insert(_ timeline: Timeline) {
        let bound = timeline.upperBound
        var (low, high) = (0, timelines.count)
        while low < high {
            let middle = (low + high) / 2
            if timelines[middle].upperBound <= bound { low = middle + 1 } else { high = middle }
        }
        timelines.insert(timeline, at: low)
    }
}
