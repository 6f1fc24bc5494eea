import Store

/// What version 3 of the transitory database has and version 2 had not: the maps of streams.
enum TransitoryVersion3 {
    static let migration = Migration(
        to: 3,
        adding: [
            TransitoryMaps.streams.map, TransitoryMaps.streamKeys.map, TransitoryMaps.streamMessages.map, TransitoryMaps.streamExpiries.map,
        ])
}
