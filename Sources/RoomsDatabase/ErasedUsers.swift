import MatrixProtocol
import Store
import StoredIdentifiers

/// The users who have closed their accounts and want to be forgotten ("Account deactivation"). What they have sent stays as it is for who was there.
extension RoomsView {
    /// Whether a user is erased.
    package func isErased(_ user: UserID) throws -> Bool {
        try reader.contains(RoomsMaps.erasedUsers, user)
    }
}

extension RoomsCommit {
    /// Has a user be erased.
    package func erase(_ user: UserID) {
        commit.put(RoomsMaps.erasedUsers, user, Empty())
    }
}
