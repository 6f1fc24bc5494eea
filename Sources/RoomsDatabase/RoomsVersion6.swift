import Store

/// What version 6 of the rooms database has and version 5 had not: indexes of read receipts by user, of annotations by what they say, and of
/// listed rooms by their size, sticky events, and the users who are erased. No earlier version has kept receipts or knew of events that stick.
enum RoomsVersion6 {
    static let migration = Migration(
        to: 6,
        adding: [
            RoomsMaps.readPositions.map, RoomsMaps.annotations.map, RoomsMaps.publicRoomsBySize.map, RoomsMaps.delayedStickiness.map,
            RoomsMaps.stickyEvents.map, RoomsMaps.stickyEventsByExpiry.map, RoomsMaps.erasedUsers.map,
        ],
        steps: [
            MigrationStep(through: RoomsMaps.relations) { key, value, commit in
                let (target, _, event) = key.parts
                if let hash = AnnotationHash.of(value) { commit.put(RoomsMaps.annotations, FixedKey(target, hash, event), Empty()) }
            },
            MigrationStep(through: RoomsMaps.publicRooms) { room, _, commit in
                guard let joined = try commit.get(RoomsMaps.roomJoinedCount, room), joined > 0 else { return }
                commit.put(RoomsMaps.publicRoomsBySize, FixedKey(-Int64(clamping: joined), room), Empty())
                let count = try commit.get(CommonMaps.global, RoomsGlobalKey.publicRoomCount).map { try UInt64(encoded: $0) } ?? 0
                commit.put(CommonMaps.global, RoomsGlobalKey.publicRoomCount, (count + 1).encoded)
            },
        ])
}
