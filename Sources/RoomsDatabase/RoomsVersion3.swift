import Store

/// What version 3 of the rooms database has and version 2 had not: the maps of what has no place in a timeline, and of what a room owns.
enum RoomsVersion3 {
    /// As versions 3 and 4 had it.
    static let waitingEvents = Column<FixedKey<ShortEventID, ShortEventID>, Empty>("missingid_waiting", in: "events", .randomSmall)

    static let migration = Migration(
        to: 3,
        adding: [
            RoomsMaps.rejectedEvents.map, RoomsMaps.roomOutliers.map, waitingEvents.map, RoomsMaps.waitingRedactions.map,
            RoomsMaps.gaps.map, RoomsMaps.roomStates.map, RoomsMaps.partialStates.map,
        ],
        steps: [
            // In version 2 each state of a room has been its current one.
            MigrationStep(through: RoomsMaps.roomPositionToStateHash) { key, state, commit in
                if state != .empty { commit.put(RoomsMaps.roomStates, FixedKey(key.parts.0, state), Empty()) }
            }
        ])
}
