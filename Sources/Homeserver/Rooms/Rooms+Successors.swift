import MatrixProtocol
import RoomsDatabase
import Store

/// What users keep of a room when they come into its successor ("Room upgrades"). What they have set is in the database of accounts, so it
/// follows from the join by an intent.
extension Rooms {
    /// The kind of intents that the first join of a room with a predecessor begins. The payload is a `RoomSuccession`.
    package static let succeedRoomIntent = "succeed_room"

    /// Sends an event by which a user may join, and has the user keep what was set for the room's predecessor.
    ///
    /// - Throws: `M_GUEST_ACCESS_FORBIDDEN` for a guest where guests can't join.
    func join(
        by template: EventTemplate, in room: Room, isGuest: Bool, _ commit: RoomsCommit
    ) throws -> (event: EventID, succession: IntentID?) {
        if isGuest { try GuestAccess.checkJoin(to: room, commit) }
        let isFirst = try !commit.view.wasEverJoined(template.sender, to: room.shortID)
        let event = try commit.send(template, in: room, signingKey: signingKey)
        return (event, try isFirst ? beginSuccession(to: room, for: template.sender, commit) : nil)
    }

    /// Has a user who has just joined a room keep what was set for its predecessor, if there is one in which the user was.
    func beginSuccession(to room: Room, for user: UserID, _ commit: RoomsCommit) throws -> IntentID? {
        guard user.isOn(serverName),
            let before = room.create.content["predecessor"]?.objectValue?["room_id"]?.stringValue.flatMap(RoomID.init),
            let predecessor = try commit.view.shortID(of: before), try commit.view.wasEverJoined(user, to: predecessor)
        else { return nil }
        let succession = RoomSuccession(user: user, predecessor: before, successor: room.id)
        return intents.begin(Self.succeedRoomIntent, succession.encoded, in: commit.commit)
    }

    /// Waits until what follows from a join is done. The join has happened, whatever becomes of this now, and a failure is tried again.
    func finish(_ succession: IntentID?) async {
        if let succession { try? await intents.wait(for: succession) }
    }
}
