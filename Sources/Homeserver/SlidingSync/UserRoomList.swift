import AccountsDatabase
import MatrixProtocol
import RoomsDatabase
import Store

/// The rooms that can stand in a user's lists, the newest activity first.
struct UserRoomList {
    /// A room, what it is to the user, and when something happened in it that the user may see.
    struct Entry: Sendable {
        let room: ShortRoomID
        let standing: RoomsView.Standing
        let activity: Position
    }

    let entries: [Entry]

    /// - Parameter since: how far the client has seen the rooms; nil when it begins.
    init(_ capture: SyncCapture, since: Position?, _ facts: RoomFacts) throws {
        let user = capture.requester.userID
        let view = RoomsView(capture.rooms)
        let joined = try view.joinedRooms(of: user)
        let activities = try facts.newestEvents(of: joined.map(\.room), in: capture.rooms)
        var entries = zip(joined, activities).map { Entry(room: $0.room, standing: .joined(since: $0.since), activity: $1) }

        let hiddenInvites = try HiddenInvites(of: user, in: AccountsView(capture.accounts))
        entries += try view.invitedRooms(of: user).filter { try !hiddenInvites.contains($0.invite) }.map {
            Entry(room: $0.room, standing: .invited($0.invite), activity: $0.invite.position)
        }
        entries += try view.knockedRooms(of: user).map { Entry(room: $0.room, standing: .knocked($0.knock), activity: $0.knock.position) }
        for (room, left) in try view.leftRooms(of: user) where !left.isForgotten {
            // Whoever leaves is told of it once.
            let isNew = since.map { left.position > $0 } ?? false
            if try isNew || !facts.isOwn(left, of: user, from: room, in: view) {
                entries.append(Entry(room: room, standing: .left(left), activity: left.position))
            }
        }
        self.entries = entries.sorted { ($0.activity, $0.room) > ($1.activity, $1.room) }
    }
}
