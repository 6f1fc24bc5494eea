import MatrixProtocol
import Store
import StoredIdentifiers

/// Gaps, which are places in a timeline before which something is missing, and the history that is put there.
extension RoomsCommit {
    /// So many positions are left out before an event that opens a gap; what is missing takes its orders from them.
    static let gapPositions: Int64 = 256

    /// Notes what is missing before an event.
    func openGap(before appended: AppendedEvent, _ missing: [ShortEventID], in room: Room) {
        guard !missing.isEmpty else { return }
        commit.put(RoomsMaps.gaps, appended.pduID, ShortEventIDs(missing))
        for event in missing { commit.put(RoomsMaps.referencedEvents, FixedKey(room.shortID, event), Empty()) }
    }

    /// Takes an event that has come out of the gaps where it was missing.
    func narrowGaps(by event: Event, in room: Room) throws {
        guard let event = try view.shortID(of: event.id), try commit.get(RoomsMaps.referencedEvents, FixedKey(room.shortID, event)) != nil
        else { return }
        var gaps = try view.reader.domain(RoomsMaps.gaps, .fixed(room.shortID))
        for (pduID, missing) in try gaps.collect() where missing.events.contains(event) {
            let rest = missing.events.filter { $0 != event }
            if rest.isEmpty {
                commit.delete(RoomsMaps.gaps, pduID)
            } else {
                commit.put(RoomsMaps.gaps, pduID, ShortEventIDs(rest))
            }
        }
    }

    /// Takes an event of the time before another one: it gets a place there, and the room's present stays what it is.
    ///
    /// - Parameters:
    ///   - order: its place.
    ///   - given: the state before it, where its own previous events are missing.
    /// - Throws: `PipelineError`.
    func receiveHistory(_ event: Event, at order: Int64, in room: Room, before given: GivenState?) throws -> Receipt {
        switch try view.standing(of: event.id) {
        case .inTimeline, .softFailed: return .known
        case .rejected where try hasState(event.id): return .known
        case .unknown, .outlier, .rejected: break
        }
        let authEvents = try self.authEvents(of: event, in: room)
        let previous = try previousEvents(of: event, in: room)
        guard previous.missing.isEmpty || given != nil else {
            return try keepWaiting(event, for: previous.missing, authEvents, in: room)
        }
        let stateBefore =
            try previous.missing.isEmpty ? state(after: previous.known, in: room) : givenState(given, in: room)
        try endWait(of: event)
        try narrowGaps(by: event, in: room)
        do {
            try check(event, by: authEvents, stateBefore: stateBefore, isPartial: given?.isPartial ?? false, in: room)
        } catch let error as AuthorizationError {
            try keepRejected(event, because: error, stateBefore: stateBefore, in: room)
            return .rejected(reason: "\(error)")
        }
        let wasHeardOf = try view.shortID(of: event.id) != nil
        let shortID = try makeShortEventID(event.id)
        let pduID = PDUID(room: room.shortID, order: order)
        let replaced = try event.key.flatMap { try view.event(of: $0, in: stateBefore) }
        try endStayApart(event.id, shortID, in: room)
        try enter(event, shortID, at: pduID, stateBefore: stateBefore, replacing: replaced, in: room)
        let appended = AppendedEvent(event: event, pduID: pduID, shortID: shortID)
        openGap(before: appended, try previous.missing.map { try makeShortEventID($0) }, in: room)
        try takeEffect(appended, wasHeardOf: wasHeardOf, in: room)
        return .accepted(pduID)
    }
}

extension RoomsView {
    /// The places of a room's timeline before which events are missing, and which these are; the newest first.
    package func gaps(of room: ShortRoomID, _ orders: ClosedRange<Int64> = .min ... .max) throws -> [(pduID: PDUID, missing: [EventID])] {
        let lower = PDUID(room: room, order: orders.lowerBound).encoded
        let upper = PDUID(room: room, order: orders.upperBound).encoded
        var gaps = try reader.domain(RoomsMaps.gaps, KeyRange(lower: lower, upper: upper + [0]), .backward)
        return try gaps.collect().map { ($0.key, try eventIDs(of: $0.value.events)) }
    }

    /// The newest place of a part of a room's timeline before which events are missing.
    package func newestGap(in room: ShortRoomID, _ orders: ClosedRange<Int64>) throws -> PDUID? {
        let lower = PDUID(room: room, order: orders.lowerBound).encoded
        let upper = PDUID(room: room, order: orders.upperBound).encoded
        return try reader.first(RoomsMaps.gaps, KeyRange(lower: lower, upper: upper + [0]), .backward)?.key
    }

    /// Places for history right before an event, in ascending order.
    ///
    /// Before a room's first event they descend in whole positions, so that there is no end to them; elsewhere they lie between two events.
    ///
    /// - Throws: `PipelineError.notInTimeline`, and `PipelineError.noRoomBefore` when there are not so many.
    func ordersBefore(_ event: EventID, count: Int) throws -> [Int64] {
        guard let pduID = try reader.get(RoomsMaps.eventIDToPDUID, event) else { throw PipelineError.notInTimeline(event) }
        let below = KeyRange.fixed(pduID.room).below(pduID.encoded)
        guard let neighbour = try reader.first(RoomsMaps.pduIDToEvent, below, .backward)?.key.order else {
            let newest = min(pduID.order >> 16, 0)
            return (1...Int64(max(1, count))).prefix(count).map { (newest - $0) << 16 }.reversed()
        }
        var orders: [Int64] = []
        var order = pduID.order
        while orders.count < count {
            order -= 1
            // What has no sub-order is a live event.
            if order & 0xffff == 0 { order -= 1 }
            guard order > neighbour else { throw PipelineError.noRoomBefore(event) }
            orders.append(order)
        }
        return orders.reversed()
    }
}
