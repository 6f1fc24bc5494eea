import MatrixProtocol
import Store
import StoredIdentifiers

/// Events that are to be sent later, and what has become of them.
extension RoomsView {
    /// An event that is or was to be sent later, by its name, and its number.
    package func delayedEvent(_ id: String) throws -> (number: DelayedEventNumber, event: DelayedEvent)? {
        guard let number = try reader.get(RoomsMaps.delayIDToNumber, id), let event = try reader.get(RoomsMaps.delayedEvents, number)
        else { return nil }
        return (number, event)
    }

    /// The name of the event that a transaction has asked for, if it has.
    package func delayID(_ transaction: Transaction) throws -> String? {
        guard
            let number = try reader.get(
                RoomsMaps.transactionToDelayedEvent, TupleKey(transaction.user, transaction.device, transaction.name))
        else { return nil }
        return try reader.get(RoomsMaps.delayedEvents, number)?.id
    }

    /// The events that a user has yet to have sent, those first whose time comes first.
    package func delayedEvents(of user: UserID) throws -> [DelayedEvent] {
        var entries = try reader.domain(RoomsMaps.userDelayedEvents, .tuples(user))
        let numbers = try entries.collect().map(\.key.parts.2)
        return try reader.get(RoomsMaps.delayedEvents, all: numbers).compactMap(\.self)
    }

    /// The event for which there is something to do first.
    package func firstDelayedEvent() throws -> (number: DelayedEventNumber, event: DelayedEvent)? {
        guard let number = try reader.first(RoomsMaps.delayedEventsByTime, .all)?.key.parts.1,
            let event = try reader.get(RoomsMaps.delayedEvents, number)
        else { return nil }
        return (number, event)
    }

    /// For how long an event sticks to its room when it is sent.
    package func stickiness(of number: DelayedEventNumber) throws -> Stickiness? {
        try reader.get(RoomsMaps.delayedStickiness, number).map { Stickiness(durationMilliseconds: $0) }
    }

    /// The names under which events were to be sent, in the events' order; nil for those that were sent at once.
    package func delayIDs(of events: [ShortEventID]) throws -> [String?] {
        try reader.get(RoomsMaps.shortEventIDToDelayID, all: events)
    }
}
