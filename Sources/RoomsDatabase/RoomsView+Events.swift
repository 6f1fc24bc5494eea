import MatrixProtocol
import Store
import StoredIdentifiers

/// Events by their IDs and places.
extension RoomsView {
    /// An event's short ID, or nil when the event has never been heard of.
    package func shortID(of event: EventID) throws -> ShortEventID? {
        try reader.get(RoomsMaps.eventIDToShortID, event)
    }

    /// The IDs behind short IDs, in their order.
    package func eventIDs(of events: [ShortEventID]) throws -> [EventID] {
        try zip(events, reader.get(RoomsMaps.shortEventIDToEventID, all: events)).map { short, id in
            guard let id else { throw StoreError.undecodable([], as: "the ID of event \(short.number)") }
            return id
        }
    }

    /// An event of a timeline and its place there, or nil.
    package func timelineEvent(_ id: EventID) throws -> (pduID: PDUID, event: StoredEvent)? {
        guard let pduID = try reader.get(RoomsMaps.eventIDToPDUID, id), let event = try event(at: pduID) else { return nil }
        return (pduID, event)
    }

    /// An event of a timeline and its place there, or nil; by its short ID.
    package func timelineEvent(_ shortID: ShortEventID) throws -> (pduID: PDUID, event: StoredEvent)? {
        guard let pduID = try reader.get(RoomsMaps.shortEventIDToPDUID, shortID), let event = try event(at: pduID) else { return nil }
        return (pduID, event)
    }

    /// The events' places in timelines, in their order; nil for those that have none.
    package func places(of events: [ShortEventID]) throws -> [PDUID?] {
        try reader.get(RoomsMaps.shortEventIDToPDUID, all: events)
    }

    /// The event at a place of a timeline, or nil.
    package func event(at pduID: PDUID) throws -> StoredEvent? {
        try reader.get(RoomsMaps.pduIDToEvent, pduID)
    }

    /// The events at places of timelines, in their order; nil where there is none.
    package func events(at pduIDs: [PDUID]) throws -> [StoredEvent?] {
        try reader.get(RoomsMaps.pduIDToEvent, all: pduIDs)
    }

    /// The events behind short IDs, in their order, wherever they are kept; those that are not here are left out.
    package func events(_ shortIDs: [ShortEventID]) throws -> [StoredEvent] {
        let places = try self.places(of: shortIDs)
        let placed = places.compactMap(\.self)
        var timeline = try reader.get(RoomsMaps.pduIDToEvent, all: placed).makeIterator()
        return try zip(shortIDs, places).compactMap { shortID, place in
            if place != nil { return timeline.next() ?? nil }
            guard let id = try reader.get(RoomsMaps.shortEventIDToEventID, shortID) else { return nil }
            return try reader.get(RoomsMaps.eventIDToOutlier, id)
        }
    }

    /// One event behind a short ID, or nil when it is not here.
    package func event(_ shortID: ShortEventID) throws -> StoredEvent? {
        try events([shortID]).first
    }

    /// The part of a room's timeline with orders in `orders`, walked in either direction.
    package func timeline(
        of room: ShortRoomID, _ orders: ClosedRange<Int64>, _ direction: Direction
    ) throws -> Domain<PDUID, StoredEvent> {
        let lower = PDUID(room: room, order: orders.lowerBound).encoded
        let upper = PDUID(room: room, order: orders.upperBound).encoded
        return try reader.domain(RoomsMaps.pduIDToEvent, KeyRange(lower: lower, upper: upper + [0]), direction)
    }

    /// The transactions that sent the events, in their order; nil for those that no transaction has sent.
    package func transactions(of events: [ShortEventID]) throws -> [Transaction?] {
        try reader.get(RoomsMaps.shortEventIDToTransaction, all: events).map { stored in
            stored.map { Transaction(user: $0.parts.0, device: $0.parts.1, name: $0.parts.2, id: $0.parts.3) }
        }
    }

    /// The event that a transaction has sent, if it has.
    package func eventID(_ transaction: Transaction) throws -> EventID? {
        try reader.get(RoomsMaps.transactionToEventID, TupleKey(transaction.user, transaction.device, transaction.name))
    }
}
