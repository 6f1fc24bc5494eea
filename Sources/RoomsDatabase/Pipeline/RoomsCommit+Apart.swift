import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

/// Events that are kept apart from the timeline: outliers, rejected and soft-failed ones, and those that wait for others.
extension RoomsCommit {
    /// Keeps an event apart from the timeline.
    ///
    /// - Parameter stateBefore: the state before it, where it has its place.
    @discardableResult
    func keepApart(_ event: Event, stateBefore: ShortStateHash?, in room: Room) throws -> ShortEventID {
        let shortID = try makeShortEventID(event.id)
        commit.put(RoomsMaps.eventIDToOutlier, event.id, StoredEvent(id: event.id, shortID: shortID, replaced: .none, json: event.bytes))
        commit.put(RoomsMaps.roomOutliers, FixedKey(room.shortID, shortID), Empty())
        if let stateBefore { commit.put(RoomsMaps.shortEventIDToStateHash, shortID, stateBefore) }
        if event.isState { try keepAuthEvents(of: event, shortID, in: room) }
        return shortID
    }

    /// Keeps an event as rejected.
    func keepRejected(_ event: Event, because error: AuthorizationError, stateBefore: ShortStateHash?, in room: Room) throws {
        let shortID = try keepApart(event, stateBefore: stateBefore, in: room)
        commit.put(RoomsMaps.rejectedEvents, shortID, "\(error)")
    }

    /// Takes what was kept of an event apart from the timeline away, as it comes to stand there.
    func endStayApart(_ id: EventID, _ shortID: ShortEventID, in room: Room) throws {
        guard try commit.get(RoomsMaps.roomOutliers, FixedKey(room.shortID, shortID)) != nil else { return }
        commit.delete(RoomsMaps.eventIDToOutlier, id)
        commit.delete(RoomsMaps.roomOutliers, FixedKey(room.shortID, shortID))
        commit.delete(RoomsMaps.softFailedEventIDs, id)
        commit.delete(RoomsMaps.rejectedEvents, shortID)
    }

    // MARK: - Waiting

    /// Keeps an event until others have come: previous events, and auth events that wait themselves.
    func keepWaiting(_ event: Event, for awaited: [EventID], _ authEvents: [Event], in room: Room) throws -> Receipt {
        var refusal: AuthorizationError?
        do { try check(event, by: authEvents, in: room) } catch let error as AuthorizationError { refusal = error }
        let shortID = try keepApart(event, stateBefore: nil, in: room)
        for id in awaited { commit.put(RoomsMaps.waitingEvents, FixedKey(try makeShortEventID(id), shortID), Empty()) }
        guard let refusal else { return .waiting(for: awaited) }
        // Whatever the state before it is, it will never be allowed.
        commit.put(RoomsMaps.rejectedEvents, shortID, "\(refusal)")
        return .rejected(reason: "\(refusal)")
    }

    /// Whether an event waits for others, and it may yet turn out that it is not allowed.
    func isWaiting(_ event: Event) throws -> Bool {
        guard try view.standing(of: event.id) == .outlier, let shortID = try view.shortID(of: event.id) else { return false }
        return try !waits(of: event, shortID).isEmpty
    }

    /// Ends what an event has waited for.
    func endWait(of event: Event) throws {
        guard let shortID = try view.shortID(of: event.id) else { return }
        for key in try waits(of: event, shortID) { commit.delete(RoomsMaps.waitingEvents, key) }
    }

    private func waits(of event: Event, _ shortID: ShortEventID) throws -> [FixedKey<ShortEventID, ShortEventID>] {
        let keys = try view.reader.get(RoomsMaps.eventIDToShortID, all: event.prevEvents + event.authEvents).compactMap { awaited in
            awaited.map { FixedKey($0, shortID) }
        }
        return zip(keys, try view.reader.get(RoomsMaps.waitingEvents, all: keys)).filter { $0.1 != nil }.map(\.0)
    }
}

extension RoomsView {
    /// The events that wait for an event.
    package func eventsWaiting(for event: EventID, version: RoomVersion) throws -> [Event] {
        guard let shortID = try shortID(of: event) else { return [] }
        var waiting = try reader.domain(RoomsMaps.waitingEvents, .fixed(shortID))
        return try events(waiting.collect().map { $0.key.parts.1 }).map { stored in
            guard let room = try JSONFields(scanning: stored.json).string("room_id") else {
                throw StoreError.undecodable(stored.json, as: "an event that waits")
            }
            return try Event(trusted: stored.json, id: stored.id, roomID: RoomID(trusted: room), version: version)
        }
    }
}
