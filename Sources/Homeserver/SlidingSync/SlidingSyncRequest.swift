import MatrixProtocol
import Store
import TransitoryDatabase

/// What a client asks for in simplified sliding sync (MSC4186). Nothing of it is remembered: each request says all that the client wants.
package struct SlidingSyncRequest: Sendable {
    /// The `pos` of the answer that the client has; nil begins a new connection.
    package var position: String?
    /// What the request makes of the presence of the user's device.
    package var presence = UserPresence.State.online
    /// How long to wait for something to happen, in milliseconds.
    package var timeoutMilliseconds: Int64 = 0
    /// The name that the client gives the connection.
    package var connectionID = ""
    /// What the answer repeats.
    package var transactionID: String?
    package var lists: [String: RoomList] = [:]
    /// The rooms that are wanted wherever they stand.
    package var subscriptions: [RoomID: RoomWishes] = [:]
    package var extensions = SlidingSyncExtensions()

    package init() {}

    /// The most events that a room's timeline has.
    package static let timelineLimitMax = 100
}

/// What is wanted of a room.
package struct RoomWishes: Sendable, Equatable {
    /// How many events of the timeline at most.
    package var timelineLimit: Int
    package var requiredState: RequiredState

    package init(timelineLimit: Int, requiredState: RequiredState = RequiredState()) {
        self.timelineLimit = min(timelineLimit, SlidingSyncRequest.timelineLimitMax)
        self.requiredState = requiredState
    }

    /// Takes in all that others want of the room.
    mutating func formUnion(_ other: RoomWishes) {
        timelineLimit = max(timelineLimit, other.timelineLimit)
        requiredState.formUnion(other.requiredState)
    }
}

/// A list of rooms, the newest activity first, of which windows are wanted.
package struct RoomList: Sendable {
    /// The places in the list that are wanted; from 0.
    package var ranges: [ClosedRange<Int>]
    package var filter: RoomListFilter
    /// What is wanted of the rooms there.
    package var wishes: RoomWishes

    package init(ranges: [ClosedRange<Int>], filter: RoomListFilter = RoomListFilter(), wishes: RoomWishes) {
        self.ranges = ranges
        self.filter = filter
        self.wishes = wishes
    }
}

/// Which rooms a list has; what is nil is no condition.
package struct RoomListFilter: Sendable {
    package var isDirect: Bool?
    package var isEncrypted: Bool?
    package var isInvite: Bool?
    /// Types of rooms, nil in them for rooms without one.
    package var roomTypes: Set<String?>?
    package var notRoomTypes: Set<String?>?
    package var tags: Set<String>?
    package var notTags: Set<String>?

    package init() {}
}

/// What is wanted beside rooms; what is nil isn't.
package struct SlidingSyncExtensions: Sendable {
    package var toDevice: ToDevice?
    /// Changed devices, and the counts of one's own keys.
    package var wantsEncryption = false
    package var accountData: RoomSelection?
    package var receipts: RoomSelection?
    package var typing: RoomSelection?
    package var threadSubscriptions: ThreadSubscriptions?
    /// Events that stick to rooms.
    package var stickyEvents: StickyEvents?

    package init() {}

    package struct ToDevice: Sendable {
        /// The `next_batch` of the answer that the client has; nil begins with the oldest message.
        package var since: String?
        package var limit: Int

        package init(since: String? = nil, limit: Int = 100) {
            self.since = since
            self.limit = limit
        }
    }

    /// Of which of the answer's rooms an extension tells.
    package struct RoomSelection: Sendable {
        /// The lists whose windows count; nil for all.
        package var lists: Set<String>?
        /// The rooms that count, subscribed to or in a window; nil for all that are subscribed to.
        package var rooms: Set<RoomID>?

        package init(lists: Set<String>? = nil, rooms: Set<RoomID>? = nil) {
            self.lists = lists
            self.rooms = rooms
        }
    }

    package struct StickyEvents: Sendable {
        /// The `next_batch` of the answer that the client has; nil begins with the oldest event.
        package var since: SyncToken?
        package var limit: Int

        package init(since: SyncToken? = nil, limit: Int = 100) {
            self.since = since
            self.limit = limit
        }
    }

    package struct ThreadSubscriptions: Sendable {
        package var limit: Int

        package init(limit: Int = 100) {
            self.limit = limit
        }
    }
}
