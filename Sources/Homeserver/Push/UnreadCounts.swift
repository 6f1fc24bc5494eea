import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import Synchronization

/// How many unread events of a thread, or of a room, notify somebody, and how many of those stand out.
struct UnreadCount: Sendable, Hashable {
    var notifications = 0
    var highlights = 0

    /// So many are counted at most: nobody reads a larger number.
    static let countMax = 1000

    static func + (left: UnreadCount, right: UnreadCount) -> UnreadCount {
        UnreadCount(
            notifications: min(left.notifications + right.notifications, countMax),
            highlights: min(left.highlights + right.highlights, countMax))
    }

    /// `UnreadNotificationCounts` of the specification.
    var json: JSONObject { ["notification_count": .integer(Int64(notifications)), "highlight_count": .integer(Int64(highlights))] }
}

/// A user's unread events in a room, by thread, as far as they have been counted.
struct RoomUnread: Sendable {
    /// Up to which position the room's events were counted.
    fileprivate(set) var evaluatedUpTo: Position
    /// When the user has joined, or has read on, whichever came last.
    let basis: Position
    fileprivate(set) var threads: [ThreadID: UnreadCount]
    /// How many events were looked at since it was written down.
    fileprivate var unwritten = 0

    fileprivate init(evaluatedUpTo: Position, basis: Position, threads: [ThreadID: UnreadCount] = [:]) {
        self.evaluatedUpTo = evaluatedUpTo
        self.basis = basis
        self.threads = threads
    }

    /// All threads together.
    var total: UnreadCount { threads.values.reduce(UnreadCount(), +) }
}

/// Counts unread events when somebody asks ("Receiving notifications").
///
/// What was counted for a user and a room is remembered with the position up to which it goes, and holds until the user reads on; so an answer costs
/// the events since the last one. What has cost much is written down.
package final class UnreadCounts: Sendable {
    private struct Key: Hashable {
        let user: UserID
        let room: ShortRoomID
    }

    private struct State {
        var known: [Key: RoomUnread] = [:]
        /// What is to be written down.
        var due: Set<Key> = []
    }

    private let rooms: RoomsDatabase
    private let evaluators: PushEvaluators
    private let state = Mutex(State())
    /// Which push rules everybody has.
    var pushRules: PushRuleOptions { evaluators.options }

    /// So many of a room's newest events are looked at, at most.
    private static let eventsMax = 1000
    /// What has taken so many events is written down.
    private static let unwrittenMax = 20
    /// The most pairs of user and room that are remembered at a time.
    private static let knownMax = 16384
    /// So many are written down in one commit.
    private static let writtenMax = 500

    init(rooms: RoomsDatabase, evaluators: PushEvaluators) {
        self.rooms = rooms
        self.evaluators = evaluators
    }

    /// What a member has not read of a room.
    ///
    /// - Parameters:
    ///   - position: that of the state which `view` reads.
    ///   - joined: since when the user has been a member.
    func unread(
        in room: ShortRoomID, _ id: RoomID, of user: UserID, joinedSince joined: Position, ignoring ignored: IgnoredUsers,
        _ view: RoomsView,
        at position: Position, _ accounts: AccountsView
    ) throws -> RoomUnread {
        let notifications = try RoomNotifications(
            of: room, id, for: user, by: evaluators.evaluator(of: user, in: accounts), ignoring: ignored, in: view)
        let basis = max(joined, notifications.read.newestChange)
        let key = Key(user: user, room: room)
        var unread = try known(key, view)
        if unread?.basis != basis { unread = nil }
        // Another answer may already have come further.
        if let unread, unread.evaluatedUpTo >= position { return unread }
        var counted = unread ?? RoomUnread(evaluatedUpTo: joined, basis: basis)
        if try count(notifications, to: position, &counted) == .isUndone {
            counted = RoomUnread(evaluatedUpTo: joined, basis: basis)
            _ = try count(notifications, to: position, &counted)
        }
        remember(counted, key)
        return counted
    }

    /// How many unread events notify a user, in each room that has any.
    func notifying(of user: UserID, ignoring ignored: IgnoredUsers, _ view: RoomsView, at position: Position, _ accounts: AccountsView)
        throws
        -> [ShortRoomID: Int]
    {
        try view.joinedRooms(of: user).reduce(into: [:]) { counts, joined in
            let unread = try unread(
                in: joined.room, view.roomID(of: joined.room), of: user, joinedSince: joined.since, ignoring: ignored, view, at: position,
                accounts)
            let count = unread.total.notifications
            if count > 0 { counts[joined.room] = count }
        }
    }

    /// How many unread events of a room notify a user; `nil` for none.
    func notifying(
        in room: ShortRoomID, of user: UserID, ignoring ignored: IgnoredUsers, _ view: RoomsView, at position: Position,
        _ accounts: AccountsView
    ) throws -> Int? {
        guard case .joined(let since) = try view.standing(of: user, in: room) else { return nil }
        let unread = try unread(
            in: room, view.roomID(of: room), of: user, joinedSince: since, ignoring: ignored, view, at: position, accounts)
        let count = unread.total.notifications
        return count > 0 ? count : nil
    }

    // MARK: - Counting

    private enum Outcome {
        case isCounted
        /// Something that was counted before has been redacted.
        case isUndone
    }

    /// Counts the events since the last time.
    private func count(_ notifications: RoomNotifications, to position: Position, _ unread: inout RoomUnread) throws -> Outcome {
        var added: [ThreadID: UnreadCount] = [:]
        let stretch = try notifications.forEachUnread(
            from: PDUID.order(of: unread.evaluatedUpTo) + 1, through: PDUID.order(of: position), countMax: Self.eventsMax
        ) { _, thread, actions in
            added[thread, default: UnreadCount()] =
                added[thread, default: UnreadCount()] + UnreadCount(notifications: 1, highlights: actions.highlights ? 1 : 0)
        }
        if stretch.hasRedactions, !unread.threads.isEmpty { return .isUndone }
        for thread in stretch.answered { unread.threads[thread] = nil }
        unread.threads.merge(added, uniquingKeysWith: +)
        unread.evaluatedUpTo = position
        unread.unwritten += stretch.count
        return .isCounted
    }

    // MARK: - What is known

    private func known(_ key: Key, _ view: RoomsView) throws -> RoomUnread? {
        if let known = state.withLock({ $0.known[key] }) { return known }
        guard let stored = try view.unreadCounts(of: key.user, in: key.room) else { return nil }
        return RoomUnread(
            evaluatedUpTo: stored.notifications.evaluatedUpTo, basis: stored.notifications.basis,
            threads: stored.notifications.counts.reduce(into: [:]) { threads, entry in
                threads[entry.key] = UnreadCount(
                    notifications: entry.value, highlights: stored.highlights.counts[entry.key, default: 0])
            })
    }

    private func remember(_ unread: RoomUnread, _ key: Key) {
        state.withLock { state in
            // Of two answers at the same time the later one counts.
            if let known = state.known[key], (known.basis, known.evaluatedUpTo) > (unread.basis, unread.evaluatedUpTo) { return }
            if state.known.count >= Self.knownMax, state.known[key] == nil {
                state.known.removeAll()
                state.due.removeAll()
            }
            state.known[key] = unread
            if unread.unwritten >= Self.unwrittenMax { state.due.insert(key) }
        }
    }

    /// Writes down what has cost much, if there is any; what can't be written is counted again some time.
    func writeDown() async {
        let due = state.withLock { state in
            let keys = state.due.prefix(Self.writtenMax)
            state.due.subtract(keys)
            return keys.compactMap { key -> StoredUnreadCounts? in
                guard let unread = state.known[key] else { return nil }
                state.known[key]?.unwritten = 0
                func counts(_ count: (UnreadCount) -> Int) -> ThreadCounts {
                    ThreadCounts(
                        evaluatedUpTo: unread.evaluatedUpTo, basis: unread.basis,
                        counts: unread.threads.mapValues(count).filter { $0.value > 0 })
                }
                return StoredUnreadCounts(
                    user: key.user, room: key.room, notifications: counts(\.notifications), highlights: counts(\.highlights))
            }
        }
        if !due.isEmpty { try? await rooms.keep(due) }
    }
}
