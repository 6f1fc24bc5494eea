import MatrixProtocol
import Store
import StoredIdentifiers

/// What has been counted of a user's unread events in a room.
package struct StoredUnreadCounts: Sendable {
    package let user: UserID
    package let room: ShortRoomID
    /// How many of them notify.
    package let notifications: ThreadCounts
    /// How many of those stand out.
    package let highlights: ThreadCounts

    package init(user: UserID, room: ShortRoomID, notifications: ThreadCounts, highlights: ThreadCounts) {
        self.user = user
        self.room = room
        self.notifications = notifications
        self.highlights = highlights
    }
}

extension RoomsView {
    /// What was last written down of a user's unread events in a room; nil for nothing.
    package func unreadCounts(of user: UserID, in room: ShortRoomID) throws -> StoredUnreadCounts? {
        let (notifications, highlights) = try reader.row(TupleKey(user, room), RoomsMaps.notificationCount, RoomsMaps.highlightCount)
        guard let notifications, let highlights else { return nil }
        return StoredUnreadCounts(user: user, room: room, notifications: notifications, highlights: highlights)
    }
}

extension RoomsDatabase {
    /// Writes down what has been counted, without waiting for the disk: it can be counted again.
    package func keep(_ counts: [StoredUnreadCounts]) async throws {
        try await database.commit(.relaxed) { commit in
            for counts in counts {
                // A room may have been deleted since.
                guard try commit.contains(RoomsMaps.shortIDToRoomID, counts.room) else { continue }
                commit.put(RoomsMaps.notificationCount, TupleKey(counts.user, counts.room), counts.notifications)
                commit.put(RoomsMaps.highlightCount, TupleKey(counts.user, counts.room), counts.highlights)
            }
        }
    }
}
