import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import Synchronization

/// Sends notifications to push gateways.
///
/// - Each pusher is a follower of the rooms' log with a cursor of its own. So a gateway that fails holds up nobody else, is tried again with growing
///   waits, and goes on after a restart where it was.
/// - Which pushers there are is a follower of the accounts' log; one that is set or removed is so when the request is answered.
/// - A gateway is told of an event at least once.
final class PushDelivery: Sendable {
    private let rooms: RoomsDatabase
    private let accounts: AccountsDatabase
    private let evaluators: PushEvaluators
    private let unreadCounts: UnreadCounts
    private let environment: Environment
    private let state = Mutex(State())

    private struct State {
        /// The pushers' followers, by the pushers' numbers.
        var followers: [UInt64: RunningFollower] = [:]
        /// The number of unread events that each gateway was told last.
        var badges: [UInt64: Int] = [:]
        /// Who keeps up `followers`.
        var keeper: RunningFollower?
    }

    /// Nobody wants to be told of what is older, in milliseconds: a gateway may have been away.
    private static let ageMaxMilliseconds: Int64 = 24 * 60 * 60 * 1000

    init(
        rooms: RoomsDatabase, accounts: AccountsDatabase, evaluators: PushEvaluators, unreadCounts: UnreadCounts, environment: Environment
    ) {
        self.rooms = rooms
        self.accounts = accounts
        self.evaluators = evaluators
        self.unreadCounts = unreadCounts
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
            guard let self, case .entries(let entries) = news else { return }
            for entry in entries {
                guard let pusher = try accounts.view().pusher(of: user, app: app, pushKey: pushKey), pusher.isEnabled else { return }
                try await deliver(entry, to: pusher, of: user)
            }
        }
    }

    // MARK: - Notifications

    private func deliver(_ entry: LogEntry, to pusher: Pusher, of user: UserID) async throws {
        guard let (notification, unread) = try notification(about: entry, to: pusher, of: user) else { return }
        try await send(notification, to: pusher, of: user)
        state.withLock { $0.badges[pusher.number] = unread }
    }

    /// What the gateway is told, and the number of unread events in it; `nil` for nothing.
    private func notification(about entry: LogEntry, to pusher: Pusher, of user: UserID) throws -> (PushNotification, unread: Int)? {
        let snapshot = rooms.snapshot()
        let view = RoomsView(snapshot)
        let accountsView = accounts.view()
        let ignored = try accountsView.ignoredUsers(of: user)
        func badge() throws -> Int { try unreadCounts.badge(of: user, ignoring: ignored, view, at: snapshot.position, accountsView) }

        guard let (room, event, pduID) = try event(of: entry, for: user, view, accountsView) else {
            guard [RoomsChange.receipt.rawValue, RoomsChange.privateReceipt.rawValue].contains(entry.change.kind) else { return nil }
            let unread = try badge()
            if state.withLock({ $0.badges[pusher.number] }) == unread { return nil }
            return (PushNotification(unread: unread, to: pusher), unread)
        }
        let notifications = try RoomNotifications(
            of: room, view.roomID(of: room), for: user, by: evaluators.evaluator(of: user, in: accountsView), ignoring: ignored, in: view)
        guard let actions = try notifications.actions(for: event), try isRecent(event) else { return nil }
        if let pduID, try notifications.hasRead(event, at: pduID) { return nil }
        let unread = try badge()
        let notification = try PushNotification(
            of: event, actions: PushActions(actions), in: notifications, unread: unread, to: pusher)
        return (notification, unread)
    }

    /// The event that an entry of the log may notify the user of: one in a room that the user is in, or an invite.
    private func event(
        of entry: LogEntry, for user: UserID, _ view: RoomsView, _ accountsView: AccountsView
    ) throws -> (room: ShortRoomID, event: StoredEvent, pduID: PDUID?)? {
        switch RoomsChange(rawValue: entry.change.kind) {
        case .event:
            let pduID = try PDUID(encoded: entry.change.key)
            guard case .joined(let since) = try view.standing(of: user, in: pduID.room), since < entry.position,
                let event = try view.reader.get(RoomsMaps.pduIDToEvent, pduID)
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
        let made = try JSONFields(scanning: event.json).integer("origin_server_ts") ?? 0
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
