import Store

/// What version 6 of the rooms database has and version 5 had not: the index of read receipts by user, and that of annotations by what they
/// say. No earlier version has kept receipts.
enum RoomsVersion6 {
    static let migration = Migration(
        to: 6,
        adding: [RoomsMaps.readPositions.map, RoomsMaps.annotations.map],
        steps: [
            MigrationStep(through: RoomsMaps.relations) { key, value, commit in
                let (target, _, event) = key.parts
                if let hash = AnnotationHash.of(value) { commit.put(RoomsMaps.annotations, FixedKey(target, hash, event), Empty()) }
            }
        ])
}
