import MatrixProtocol
import Store
import StoredIdentifiers

extension RoomsView {
    /// What the user has last decided of the thread; nil when nothing.
    package func threadSubscription(of user: UserID, to root: ShortEventID, in room: ShortRoomID) throws -> ThreadSubscription? {
        try reader.get(RoomsMaps.threadSubscriptions, TupleKey(user, room, root))
    }

    /// Whether the user has ever decided something of a thread that is still there.
    package func hasThreadSubscriptions(of user: UserID) throws -> Bool {
        try reader.first(RoomsMaps.threadSubscriptionsByPosition, .tuples(user)) != nil
    }

    /// The threads of which the user has decided something above one position and up to another, the latest first, at most `limit`: each
    /// with what was decided last.
    package func threadSubscriptions(
        of user: UserID, after oldest: Position, upTo newest: Position, limit: Int
    ) throws -> [(room: ShortRoomID, root: ShortEventID, subscription: ThreadSubscription)] {
        let range = KeyRange.tuples(user).from(TupleKey(user, oldest.next).encoded).below(TupleKey(user, newest.next).encoded)
        var entries = try reader.domain(RoomsMaps.threadSubscriptionsByPosition, range, .backward)
        let threads = try entries.collect(limit: limit).map(\.value.parts)
        let subscriptions = try reader.get(RoomsMaps.threadSubscriptions, all: threads.map { TupleKey(user, $0.0, $0.1) })
        return zip(threads, subscriptions).compactMap { thread, subscription in subscription.map { (thread.0, thread.1, $0) } }
    }
}

extension RoomsCommit {
    /// Notes what a user has decided of a thread. It is a change with a position, which takes the place of the one before.
    package func setThreadSubscription(
        _ state: ThreadSubscription.State, of user: UserID, to root: ShortEventID, in room: ShortRoomID
    ) throws {
        let key = TupleKey(user, room, root)
        if let before = try commit.get(RoomsMaps.threadSubscriptions, key) {
            commit.delete(RoomsMaps.threadSubscriptionsByPosition, TupleKey(user, before.position))
        }
        let thread = FixedKey(room, root)
        let position = commit.stamp(kind: RoomsChange.threadSubscription.rawValue, scope: .user(user)) { _ in thread.encoded }
        commit.put(RoomsMaps.threadSubscriptions, key, ThreadSubscription(state, at: position))
        commit.put(RoomsMaps.threadSubscriptionsByPosition, TupleKey(user, position), thread)
        commit.put(RoomsMaps.threadSubscribers, TupleKey(root, user), room)
    }

    /// Forgets which threads of a room a user follows, so many at most.
    ///
    /// - Returns: whether nothing is left.
    package func forgetThreadSubscriptions(of user: UserID, in room: ShortRoomID, limit: Int) throws -> Bool {
        var subscriptions = try commit.domain(RoomsMaps.threadSubscriptions, .tuples(user, room))
        let some = try subscriptions.collect(limit: limit)
        for (key, subscription) in some {
            commit.delete(RoomsMaps.threadSubscriptions, key)
            commit.delete(RoomsMaps.threadSubscriptionsByPosition, TupleKey(user, subscription.position))
            commit.delete(RoomsMaps.threadSubscribers, TupleKey(key.parts.2, user))
        }
        return some.count < limit
    }

    /// Forgets what users have decided of a thread, as its root goes.
    func forgetSubscriptions(toThread root: ShortEventID) throws {
        var subscribers = try commit.domain(RoomsMaps.threadSubscribers, .tuples(root))
        for (entry, room) in try subscribers.collect() {
            let user = entry.parts.1
            let key = TupleKey(user, room, root)
            if let subscription = try commit.get(RoomsMaps.threadSubscriptions, key) {
                commit.delete(RoomsMaps.threadSubscriptionsByPosition, TupleKey(user, subscription.position))
            }
            commit.delete(RoomsMaps.threadSubscriptions, key)
            commit.delete(RoomsMaps.threadSubscribers, entry)
        }
    }
}
