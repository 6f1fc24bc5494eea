import MatrixProtocol
import Store
import StoredIdentifiers

/// Events that relate to others.
extension RoomsView {
    /// What relates to an event, with places in `orders`, walked in either direction.
    package func relatedEvents(
        to target: ShortEventID, _ orders: ClosedRange<Int64> = .min ... .max, _ direction: Direction = .forward
    ) throws -> [RelatedEvent] {
        try relatedEvents(to: target, orders, direction, limit: .max) { _ in true }
    }

    /// What relates to an event and fits, with places in `orders`, at most `limit`, of so many as are looked at.
    package func relatedEvents(
        to target: ShortEventID, _ orders: ClosedRange<Int64>, _ direction: Direction, limit: Int, ofFirst scannedMax: Int = .max,
        where fits: (RelatedEvent) throws -> Bool
    ) throws -> [RelatedEvent] {
        let lower = FixedKey(target, orders.lowerBound).encoded
        let upper = FixedKey(target, orders.upperBound, ShortEventID(number: .max)).encoded
        var entries = try reader.domain(RoomsMaps.relations, KeyRange(lower: lower, upper: upper), direction)
        var related: [RelatedEvent] = []
        var scanned = 0
        while related.count < limit, scanned < scannedMax, let (key, value) = try entries.next() {
            scanned += 1
            let event = RelatedEvent(key, value)
            if try fits(event) { related.append(event) }
        }
        return related
    }

    /// Whether the user has said so of an event by an annotation.
    package func isAnnotated(_ target: ShortEventID, by sender: UserID, type: String, key: String?) throws -> Bool {
        let hash = AnnotationHash.of(sender: sender, type: type, key: key)
        return try reader.first(RoomsMaps.annotations, .fixed(target, hash), .forward) != nil
    }

    /// What the events that relate to each of the events amount to, in their order.
    package func aggregations(of events: [ShortEventID]) throws -> [Aggregation?] {
        try reader.get(RoomsMaps.aggregations, all: events)
    }

    /// The roots of the room's threads whose latest events have places in `orders`, the latest first.
    package func threads(of room: ShortRoomID, _ orders: ClosedRange<Int64>) throws -> Domain<FixedKey<ShortRoomID, Int64>, ShortEventID> {
        let lower = FixedKey(room, orders.lowerBound).encoded
        let upper = FixedKey(room, orders.upperBound).encoded
        return try reader.domain(RoomsMaps.threads, KeyRange(lower: lower, upper: upper + [0]), .backward)
    }

    /// How many events of the thread the user has sent, the root not counted.
    package func replyCount(of user: UserID, inThread root: ShortEventID) throws -> UInt64 {
        try reader.get(RoomsMaps.threadParticipants, TupleKey(root, user)) ?? 0
    }

    /// Whether the user has sent an event of the thread, the root not counted.
    package func hasReplied(_ user: UserID, inThread root: ShortEventID) throws -> Bool {
        try reader.contains(RoomsMaps.threadParticipants, TupleKey(root, user))
    }
}
