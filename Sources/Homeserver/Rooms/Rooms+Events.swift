import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Single events, and what lies around them.
extension Rooms {
    /// One event that the user may see (`GET /rooms/{roomId}/event/{eventId}`).
    ///
    /// - Throws: `M_NOT_FOUND` when there is no such event, or the user may not see it.
    package func event(_ eventID: EventID, in roomID: RoomID, for requester: Requester) throws -> [UInt8] {
        let found = try visibleEvent(eventID, in: roomID, for: requester)
        var writer = JSONWriter(capacity: found.event.json.count)
        try clientEvents(
            found.readable.view, for: requester, bundlesAggregations: true, memberships: found.memberships, sight: found.sight
        ).write(found.event, roomID: roomID, to: &writer)
        return writer.bytes
    }

    /// An event that somebody may see, and how its room is read.
    struct VisibleEvent {
        let readable: ReadableRoom
        var sight: HistorySight
        let pduID: PDUID
        let event: StoredEvent

        /// The reader's membership at the event.
        var memberships: [ShortEventID: Membership] {
            get throws {
                var sight = sight
                return [event.shortID: try sight.membership(at: event, pduID)]
            }
        }
    }

    /// Finds an event of a room that the user may see.
    ///
    /// - Throws: `M_NOT_FOUND` when there is no such event, or the user may not see it.
    func visibleEvent(_ eventID: EventID, in roomID: RoomID, for requester: Requester) throws -> VisibleEvent {
        let notFound = MatrixError(.notFound, "There is no event \(eventID) that you can see in this room")
        let readable: ReadableRoom
        do {
            readable = try readableRoom(roomID, for: requester)
        } catch let error as MatrixError where error == Self.notInRoom {
            throw notFound
        }
        var sight = try sight(of: readable.room.shortID, by: requester, in: readable.view)
        guard let (pduID, stored) = try readable.view.timelineEvent(eventID), pduID.room == readable.room.shortID,
            pduID.order <= readable.newestOrder ?? .max, let event = try sight.see(stored, at: pduID)
        else { throw notFound }
        return VisibleEvent(readable: readable, sight: sight, pduID: pduID, event: event)
    }

    /// An event with what came before and after it (`GET /rooms/{roomId}/context/{eventId}`), as the endpoint's answer.
    ///
    /// - Parameter limit: how many events besides are wanted, those before and after together.
    /// - Throws: `M_NOT_FOUND` when there is no such event, or the user may not see it.
    package func context(
        of eventID: EventID, in roomID: RoomID, limit: Int, filter: EventFilter, for requester: Requester
    ) throws -> [UInt8] {
        let found = try visibleEvent(eventID, in: roomID, for: requester)
        let (readable, view) = (found.readable, found.readable.view)
        let surroundings = try surroundings(
            of: found.pduID.order, in: readable, before: limit / 2, after: limit - limit / 2, filter: filter, for: requester)
        let told = surroundings.before.events + [found.event] + surroundings.after.events
        let state =
            try filter.lazyLoadsMembers
            ? view.events(view.entries(of: surroundings.state, .allButMembers).map(\.event))
                + memberEvents(of: told, in: surroundings.state, view)
            : view.events(view.entries(of: surroundings.state).map(\.event))

        var writer = JSONWriter(capacity: 16 << 10)
        writer.beginObject()
        writer.key("event")
        try clientEvents(view, for: requester, bundlesAggregations: true, memberships: found.memberships, sight: found.sight)
            .write(found.event, roomID: roomID, to: &writer)
        try write(surroundings, of: readable, for: requester, to: &writer)
        writer.key("state")
        writer.beginArray()
        try clientEvents(view, for: requester).write(state.filter { try filter.wants($0, in: view) }, roomID: roomID, to: &writer)
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// What lies around an event in its room's timeline.
    struct Surroundings {
        /// What came before, the newest first.
        let before: Page
        /// What came after, the oldest first.
        let after: Page
        /// The places before and after all of it.
        let start: PaginationToken
        let end: PaginationToken
        /// The room's state at the end.
        let state: ShortStateHash
    }

    /// Reads what lies around the event of that order.
    func surroundings(
        of order: Int64, in readable: ReadableRoom, before: Int, after: Int, filter: EventFilter, for requester: Requester
    ) throws -> Surroundings {
        func page(_ orders: ClosedRange<Int64>, isBackward: Bool, limit: Int) throws -> Page {
            guard limit > 0, filter.wants(readable.room.id) else { return Page() }
            let request = MessagesRequest(isBackward: isBackward, limit: limit, filter: filter)
            return try self.page(of: readable, orders, request, for: requester)
        }
        let newest = readable.newestOrder ?? .max
        let earlier = try page(.min...order - 1, isBackward: true, limit: before)
        let later = try order < newest ? page(order + 1...newest, isBackward: false, limit: after) : Page()
        let last = PDUID(room: readable.room.shortID, order: later.lastOrder ?? order)
        return Surroundings(
            before: earlier, after: later, start: earlier.end ?? PaginationToken(order: (earlier.lastOrder ?? order) - 1),
            end: PaginationToken(order: last.order), state: try readable.view.state(of: last.room, at: last.position))
    }

    /// Writes what lies around an event as members of an object.
    func write(
        _ surroundings: Surroundings, of readable: ReadableRoom, for requester: Requester, to writer: inout JSONWriter
    ) throws {
        writer.key("start")
        writer.string(surroundings.start.description)
        writer.key("end")
        writer.string(surroundings.end.description)
        let memberships = surroundings.before.memberships.merging(surroundings.after.memberships) { $1 }
        let clientEvents = try clientEvents(
            readable.view, for: requester, bundlesAggregations: true, memberships: memberships,
            sight: surroundings.before.sight ?? surroundings.after.sight)
        for (name, page) in [("events_before", surroundings.before), ("events_after", surroundings.after)] {
            writer.key(name)
            writer.beginArray()
            try clientEvents.write(page.events, roomID: readable.room.id, to: &writer)
            writer.endArray()
        }
    }

    /// The most events that are looked at for one that the user may see.
    private static let timestampScannedMax = 1000

    /// The event whose time is closest to a moment, on one side of it (`GET /rooms/{roomId}/timestamp_to_event`).
    ///
    /// - Parameters:
    ///   - timestamp: the moment, in milliseconds since 1970.
    ///   - direction: whether the event's time is that moment or later, or that moment or earlier.
    /// - Throws: `M_FORBIDDEN` for who isn't in the room, `M_NOT_FOUND` when there is no such event.
    package func event(
        closestTo timestamp: Int64, _ direction: Direction, in roomID: RoomID, for requester: Requester
    ) throws -> (id: EventID, originServerTS: Int64) {
        let room = try room(roomID)
        let view = database.view()
        guard try view.isJoined(requester.userID, to: room.shortID) else { throw Self.notInRoom }
        var sight = try sight(of: room.shortID, by: requester, in: view)
        var events = try view.events(of: room.shortID, from: timestamp, direction)
        for _ in 0..<Self.timestampScannedMax {
            guard let (pduID, event) = try events.next() else { break }
            if try sight.canSee(event, at: pduID) { return (event.id, try event.originServerTS()) }
        }
        throw MatrixError(.notFound, "There is no event \(direction == .forward ? "from" : "up to") that moment in this room")
    }
}
