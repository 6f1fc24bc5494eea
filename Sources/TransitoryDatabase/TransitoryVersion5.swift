import Store

/// What version 5 of the transitory database has and version 4 had not: the connections of simplified sliding sync.
enum TransitoryVersion5 {
    static let migration = Migration(
        to: 5,
        adding: [
            TransitoryMaps.slidingConnections.map, TransitoryMaps.slidingRooms.map, TransitoryMaps.slidingAnswers.map,
            TransitoryMaps.slidingRequiredStates.map,
        ])
}
