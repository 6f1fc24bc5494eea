import MatrixProtocol

/// A room, as far as it never changes.
package struct Room: Sendable {
    /// The room's ID.
    package let id: RoomID
    /// Its short ID.
    package let shortID: ShortRoomID
    /// The rules that it lives by.
    package let version: RoomVersion
    /// The event that began it.
    package let create: Event

    package init(id: RoomID, shortID: ShortRoomID, version: RoomVersion, create: Event) {
        self.id = id
        self.shortID = shortID
        self.version = version
        self.create = create
    }
}
