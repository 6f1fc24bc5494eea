import MatrixProtocol
import Store
import StoredIdentifiers

/// Rooms whose state lacks memberships for the time being.
extension RoomsCommit {
    /// Marks the room's state as partial.
    func markPartial(_ room: Room) {
        commit.put(RoomsMaps.partialStates, FixedKey(room.shortID, .none), commit.position)
    }

    /// Marks an event that was judged on partial state: it is to be judged again.
    func markIfPartial(_ appended: AppendedEvent, in room: Room) throws {
        guard try view.isPartial(room.shortID) else { return }
        commit.put(RoomsMaps.partialStates, FixedKey(room.shortID, appended.shortID), appended.pduID.position)
    }
}

extension RoomsView {
    /// Whether the room's state lacks memberships that are on their way.
    package func isPartial(_ room: ShortRoomID) throws -> Bool {
        try reader.contains(RoomsMaps.partialStates, FixedKey(room, .none))
    }
}
