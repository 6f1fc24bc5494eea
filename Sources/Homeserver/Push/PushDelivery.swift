import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import Synchronization

/// Sends notifications to push gateways, and has users told by email who want that.
///
/// - Each pusher is a follower of the rooms' log with a cursor of its own. So a gateway that fails holds up nobody else, is tried again with growing
///   waits, and goes on after a restart where it was.
/// - Which pushers there are is a follower of the accounts' log; one that is set or removed is so when the request is answered.
/// - A gateway is told of an event at least once, and of another number of unread events at most once.
final class PushDelivery: Sendable {
    private let rooms: RoomsDatabase
    private let accounts: AccountsDatabase
    private let evaluators: PushEvaluators
    private let unreadCounts: UnreadCounts
    private let environment: Environment
    /// What sends messages; nil where no mail server is configured.
    private let mails: NotificationMails?
    private let state = Mutex(State())

    private struct State {
        /// The pushers' followers, by the pushers' numbers.
        var followers: [UInt64: RunningFollower] = [:]
        /// What each gateway's badge counts, by the pushers' numbers.
        var badges: [UInt64: Badge] = [:]
        /// Who keeps up `followers`.
        var keeper: RunningFollower?
    }

    /// Nobody wants to be told of what is older, in milliseconds: a gateway may have been away.
    private static let ageMaxMilliseconds: Int64 = 24 * 60 * 60 * 1000

    /// The number of unread events that notify a user, which apps show beside their names. It is kept by room, so that an event has one room
    /// counted.
    private struct Badge {
        /// The rooms' counts that aren't zero, as they were last; nil before they are counted for the first time.
        var counts: [ShortRoomID: Int]?
        /// The rooms in which something has happened since.
        var changed: Set<ShortRoomID> = []
        /// What the gateway was told last.
        var told: Int?
    }

    init(
        rooms: RoomsDatabase, accounts: AccountsDatabase, evaluators: PushEvaluators, unreadCounts: UnreadCounts,
        mails: NotificationMails?, environment: Environment
    ) {
        self.rooms = rooms
        self.accounts = accounts
        self.evaluators = evaluators
        self.unreadCounts = unreadCounts
        self.mails = mails
        self.environment = environment
    }

    // MARK: - Which pushers there are

    /// Begins to send, for all pushers that there are and will be.
    func begin(on roomsDispatcher: Dispatcher, _ accountsDispatcher: Dispatcher) async throws {
        // Nobody changes any yet, and only one at a time may settle them.
        try await settle(on: roomsDispatcher)
        let keeper = try await accountsDispatcher.add(
            Follower("pushers", kinds: [AccountsChange.pushers.rawValue]) { [weak self, weak roomsDispatcher] _ in
                guard let self, let roomsDispatcher else { return }
                try await settle(on: roomsDispatcher)
            })
        state.withLock { $0.keeper = keeper }
    }

    /// Waits until what was set of pushers up to a position of the accounts has come to effect.
    func settled(at position: Position) async throws {
        try await state.withLock { $0.keeper }?.caughtUp(to: position)
    }

    /// Up to where the rooms are read: a new pusher is told of what comes after it.
    var newestPosition: Position { rooms.snapshot().position }

    /// Ends what goes on beside the followers.
    func end() async {
        await mails?.end()
    }

    /// Has a follower for each pusher.
    private func settle(on dispatcher: Dispatcher) async throws {
        let pushers = Dictionary(try accounts.view().pushers().map { ($0.pusher.number, $0) }) { $1 }
        let gone = state.withLock { state in
            let gone = state.followers.filter { pushers[$0.key] == nil }
            for number in gone.keys {
                state.followers[number] = nil
                state.badges[number] = nil
            }
            return gone.values
        }
        for follower in gone { try await dispatcher.remove(follower) }
        let added = state.withLock { state in pushers.filter { state.followers[$0.key] == nil } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, (user, pusher)) in added {
                group.addTask {
                    let running = try await dispatcher.add(self.follower(number, of: user, app: pusher.appID, pushKey: pusher.pushKey))
                    self.state.withLock { $0.followers[number] = running }
                    if pusher.kind == .email { self.mails?.look(at: NotificationMails.Recipient(user, pusher)) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func follower(_ number: UInt64, of user: UserID, app: String, pushKey: String) -> Follower {
        let kinds = Set([RoomsChange.event, .membership, .receipt, .privateReceipt].map(\.rawValue))
        let concerns: @Sendable (LogEntry) -> Bool = { [rooms] entry in
            switch RoomsChange(rawValue: entry.change.kind) {
            case .event: rooms.isJoined(user, to: entry.change.scope)
            case .receipt: entry.change.key == user.encoded
            default: entry.change.scope == .user(user)
            }
        }
        // One entry at a time, or a gateway that fails would be told again of what it has taken.
        return Follower("pusher \(number)", kinds: kinds, concernedBy: concerns, entriesMax: 1) { [weak self] news in
            guard let self else { return }
            guard case .entries(let entries) = news else {
                // What has happened meanwhile is too old to be told, but the badge has to be counted anew.
                state.withLock { $0.badges[number]?.counts = nil }
                return
            }
            for entry in entries {
                try noteChange(entry, number)
                guard let pusher = try accounts.view().pusher(of: user, app: app, pushKey: pushKey), pusher.isEnabled else { return }
                switch pusher.kind {
                case .http: try await deliver(entry, to: pusher, of: user)
                case .email: try remind(of: entry, pusher, of: user)
                }
            }
        }
    }

    // MARK: - Notifications

    private func deliver(_ entry: LogEntry, to pusher: Pusher, of user: UserID) async throws {
        guard let (notification, unread) = try notification(about: entry, to: pusher, of: user) else { return }
        do {
            try await send(notification, to: pusher, of: user)
        } catch  where !notification.hasEvent {
            // Another number of unread events is no reason to hold up what comes after it; the next one is told with the next receipt or event.
            return
        }
        state.withLock { $0.badges[pusher.number]?.told = unread }
    }

    /// Has a message sent some time, if what has happened notifies the user and nothing does yet.
    private func remind(of entry: LogEntry, _ pusher: Pusher, of user: UserID) throws {
        let recipient = NotificationMails.Recipient(user, pusher)
        guard let mails, !mails.isWaiting(recipient) else { return }
        let view = RoomsView(rooms.snapshot())
        let accountsView = accounts.view()
        if try told(by: entry, user, view, accountsView, ignoring: accountsView.ignoredUsers(of: user)) != nil { mails.remind(recipient) }
    }

    /// An event that notifies a user, and how.
    private typealias Told = (event: StoredEvent, actions: [JSONValue], room: RoomNotifications)

    /// What the gateway is told, and the number of unread events in it; nil for nothing.
    private func notification(about entry: LogEntry, to pusher: Pusher, of user: UserID) throws -> (PushNotification, unread: Int)? {
        let snapshot = rooms.snapshot()
        let view = RoomsView(snapshot)
        let accountsView = accounts.view()
        let ignored = try accountsView.ignoredUsers(of: user)
        func badge() throws -> Int {
            try self.badge(pusher.number, of: user, ignoring: ignored, view, at: snapshot.position, accountsView)
        }
        if [RoomsChange.receipt.rawValue, RoomsChange.privateReceipt.rawValue].contains(entry.change.kind) {
            let unread = try badge()
            if state.withLock({ $0.badges[pusher.number]?.told }) == unread { return nil }
            return (PushNotification(unread: unread, to: pusher), unread)
        }
        guard let (event, actions, room) = try told(by: entry, user, view, accountsView, ignoring: ignored) else { return nil }
        let unread = try badge()
        return (try PushNotification(of: event, actions: PushActions(actions), in: room, unread: unread, to: pusher), unread)
    }

    /// The event of an entry of the log that notifies the user, if it is recent and unread.
    private func told(
        by entry: LogEntry, _ user: UserID, _ view: RoomsView, _ accountsView: AccountsView, ignoring ignored: IgnoredUsers
    ) throws -> Told? {
        guard let (room, event, pduID) = try event(of: entry, for: user, view, accountsView) else { return nil }
        let notifications = try RoomNotifications(
            of: room, view.roomID(of: room), for: user, by: evaluators.evaluator(of: user, in: accountsView), ignoring: ignored, in: view)
        guard let actions = try notifications.actions(for: event), try isRecent(event) else { return nil }
        if let pduID, try notifications.hasRead(event, at: pduID) { return nil }
        return (event, actions, notifications)
    }

    // MARK: - Badges

    /// Notes in which room something has happened.
    private func noteChange(_ entry: LogEntry, _ number: UInt64) throws {
        let isAboutRoom = [RoomsChange.event.rawValue, RoomsChange.receipt.rawValue].contains(entry.change.kind)
        let room = try ShortRoomID(encoded: isAboutRoom ? entry.change.scope.id : entry.change.key)
        state.withLock { state in _ = state.badges[number, default: Badge()].changed.insert(room) }
    }

    /// How many unread events notify the user. One task at a time asks for a pusher.
    private func badge(
        _ number: UInt64, of user: UserID, ignoring ignored: IgnoredUsers, _ view: RoomsView, at position: Position,
        _ accountsView: AccountsView
    ) throws -> Int {
        let known = state.withLock { $0.badges[number] } ?? Badge()
        let counts: [ShortRoomID: Int]
        if var knownCounts = known.counts {
            for room in known.changed {
                knownCounts[room] = try unreadCounts.notifying(in: room, of: user, ignoring: ignored, view, at: position, accountsView)
            }
            counts = knownCounts
        } else {
            counts = try unreadCounts.notifying(of: user, ignoring: ignored, view, at: position, accountsView)
        }
        state.withLock { $0.badges[number] = Badge(counts: counts, told: known.told) }
        return counts.values.reduce(0, +)
    }

    /// The event that an entry of the log may notify the user of: one in a room that the user is in, or an invite.
    private func event(
        of entry: LogEntry, for user: UserID, _ view: RoomsView, _ accountsView: AccountsView
    ) throws -> (room: ShortRoomID, event: StoredEvent, pduID: PDUID?)? {
        switch RoomsChange(rawValue: entry.change.kind) {
        case .event:
            let pduID = try PDUID(encoded: entry.change.key)
            guard case .joined(let since) = try view.standing(of: user, in: pduID.room), since < entry.position,
                let event = try view.event(at: pduID)
            else { return nil }
            return (pduID.room, event, pduID)
        case .membership:
            let room = try ShortRoomID(encoded: entry.change.key)
            guard case .invited(let invite) = try view.standing(of: user, in: room), invite.position <= entry.position,
                try !HiddenInvites(of: user, in: accountsView).contains(invite),
                let event = try view.currentEvent(.member(user), in: room)
            else { return nil }
            return (room, event, nil)
        default: return nil
        }
    }

    private func isRecent(_ event: StoredEvent) throws -> Bool {
        let made = try event.originServerTS()
        let (oldest, _) = environment.clock.now().subtractingReportingOverflow(Self.ageMaxMilliseconds)
        return made >= oldest
    }

    // MARK: - Sending

    /// What makes a notification be sent again.
    private struct GatewayFailure: Error {
        let status: Int
    }

    private func send(_ notification: PushNotification, to pusher: Pusher, of user: UserID) async throws {
        guard let url = pusher.data["url"]?.stringValue else { return }
        let answer = try await environment.outgoingHTTP.answer(to: OutgoingRequest(url: url, body: notification.json.encoded()))
        guard (200..<300).contains(answer.status) else { throw GatewayFailure(status: answer.status) }
        let rejected = (try? JSONValue(parsing: answer.body))?.objectValue?["rejected"]?.arrayValue ?? []
        if rejected.contains(.string(pusher.pushKey)) {
            _ = try await accounts.removePusher(of: user, app: pusher.appID, pushKey: pusher.pushKey)
        }
    }
}
