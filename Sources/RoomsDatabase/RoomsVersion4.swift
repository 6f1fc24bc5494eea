import Store

/// What version 4 of the rooms database has and version 3 had not: the maps of delayed events, of thread subscriptions and of relationships
/// (MSC2836).
enum RoomsVersion4 {
    static let migration = Migration(
        to: 4,
        adding: [
            RoomsMaps.delayedEvents.map, RoomsMaps.delayIDToNumber.map, RoomsMaps.delayedEventsByTime.map, RoomsMaps.userDelayedEvents.map,
            RoomsMaps.stateKeyDelayedEvents.map, RoomsMaps.transactionToDelayedEvent.map, RoomsMaps.shortEventIDToDelayID.map,
            RoomsMaps.threadSubscriptions.map, RoomsMaps.threadSubscriptionsByPosition.map, RoomsMaps.relationships.map,
        ])
}
