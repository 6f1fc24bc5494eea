import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What a user has decided of threads between two positions, as clients are told of it (MSC4306, MSC4308).
struct ThreadSubscriptionChanges {
    /// The threads that the user follows now, by room and root.
    let subscribed: JSONObject
    /// The threads that the user no longer follows, by room and root.
    let unsubscribed: JSONObject
    /// The place of those that were decided earlier; nil when these are all.
    let rest: PaginationToken?

    var isEmpty: Bool { subscribed.isEmpty && unsubscribed.isEmpty }

    /// The latest decisions above one position and up to another.
    init(of user: UserID, after oldest: Position, upTo newest: Position, limit: Int, in view: RoomsView) throws {
        // One more than wanted shows whether there is more.
        var changes = try view.threadSubscriptions(of: user, after: oldest, upTo: newest, limit: limit + 1)
        let hasMore = changes.count > limit
        if hasMore { changes.removeLast() }
        let roots = try view.eventIDs(of: changes.map(\.root))

        var subscribed: [RoomID: JSONObject] = [:]
        var unsubscribed: [RoomID: JSONObject] = [:]
        for (change, root) in zip(changes, roots) {
            let room = try view.roomID(of: change.room)
            let stamp: JSONValue = .integer(change.subscription.position.value)
            if change.subscription.state == .unsubscribed {
                unsubscribed[room, default: [:]][root.string] = ["bump_stamp": stamp]
            } else {
                subscribed[room, default: [:]][root.string] = [
                    "automatic": .bool(change.subscription.state == .automatic), "bump_stamp": stamp,
                ]
            }
        }
        func object(_ rooms: [RoomID: JSONObject]) -> JSONObject {
            rooms.reduce(into: [:]) { $0[$1.key.string] = .object($1.value) }
        }
        self.subscribed = object(subscribed)
        self.unsubscribed = object(unsubscribed)
        rest = hasMore ? changes.last.map { PaginationToken(Position($0.subscription.position.value - 1)) } : nil
    }
}
