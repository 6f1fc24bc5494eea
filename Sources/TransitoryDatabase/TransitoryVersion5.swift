import Store

/// What version 5 of the transitory database has and version 4 had not: the connections of simplified sliding sync, and how far the keys of streams
/// were compacted that have nothing any more.
enum TransitoryVersion5 {
    /// As versions up to 4 had it: without the last member.
    static let streams = Column<Scope, FixedKey<UInt64, UInt64, UInt64, UInt64, Int64, Int64>>(
        "scope_stream", in: "streams", .randomSmall, .pointLookups)

    static let migration = Migration(
        to: 5,
        adding: [
            TransitoryMaps.slidingConnections.map, TransitoryMaps.slidingRooms.map, TransitoryMaps.slidingAnswers.map,
            TransitoryMaps.slidingRequiredStates.map,
        ],
        steps: [
            MigrationStep(through: streams) { scope, head, commit in
                commit.put(
                    TransitoryMaps.streams, scope, try StreamHead(encoded: head.encoded + [UInt8](repeating: 0, count: UInt64.width)))
            }
        ])
}
