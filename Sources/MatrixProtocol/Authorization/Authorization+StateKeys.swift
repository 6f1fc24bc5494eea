/// Rule 9: a state key that looks like a user ID.
extension Authorization {
    static func checkStateKey(_ event: Event, version: RoomVersion, in room: AuthorizationState) throws(AuthorizationError) {
        guard let stateKey = event.stateKey, stateKey.utf8.first == UInt8(ascii: "@"), !UTF8Bytes.equal(stateKey, event.sender.string)
        else {
            return
        }
        guard version.stateKeysHaveOwners else { throw .stateKeyOfAnotherUser }
        guard let owner = owner(ofStateKey: stateKey) else { throw .stateKeyWithoutOwner }
        if owner == event.sender { return }
        // The owner need not be in the room.
        guard room.powerLevels.level(of: event.sender) > room.powerLevels.level(of: owner) else { throw .stateKeyOfAnotherUser }
    }

    /// The user to whom a state key belongs: what stands before the first underscore after the first colon, or all of it (MSC3757).
    private static func owner(ofStateKey stateKey: String) -> UserID? {
        let bytes = stateKey.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let end = bytes[colon...].firstIndex(of: UInt8(ascii: "_")) ?? bytes.endIndex
        return UserID(String(stateKey[..<end]))
    }
}
