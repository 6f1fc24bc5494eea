import Store

/// What version 6 of the rooms database has and version 5 had not: the index of read receipts by user. No earlier version has kept receipts.
enum RoomsVersion6 {
    static let migration = Migration(to: 6, adding: [RoomsMaps.readPositions.map])
}
