import MatrixProtocol
import Store
import StoredIdentifiers

/// Rooms whose state lacks memberships for the time being.
extension RoomsCommit {
    /// Marks the room's state as partial.
    func markPartial(_ room: Room) {
        commit.put(RoomsMaps.partialStates, FixedKey(room.shortID, .none), commit.position)
    }

    /// Marks an event that was judged on partial state: it is to be judged again.
    func markIfPartial(_ shortID: ShortEventID, in room: Room) throws {
        guard try view.isPartial(room.shortID) else { return }
        commit.put(RoomsMaps.partialStates, FixedKey(room.shortID, shortID), commit.position)
    }

    /// Takes over the full state before the event by which this server has entered the room, and judges again what was judged without it.
    ///
    /// - Parameter entry: the event whose state was given partially.
    /// - Throws: `PipelineError.missingStateEvents`.
    package func completeState(of room: Room, before entry: EventID, with given: GivenState) throws {
        guard try view.isPartial(room.shortID), let entry = try view.shortID(of: entry) else { return }
        let marked = try view.eventsOnPartialState(in: room.shortID)
        commit.delete(RoomsMaps.partialStates, .fixed(room.shortID))
        let full = try givenState(given, in: room)
        for shortID in marked {
            guard let stored = try view.event(shortID) else { continue }
            let event = try Event(stored, in: room)
            let previous = try previousEvents(of: event, in: room)
            let stateBefore =
                try shortID == entry || !previous.missing.isEmpty
                ? full
                : resolve(
                    previous.known.map { try state(after: $0, in: room) }, in: room, Resolutions())
            try judgeAgain(event, shortID, stateBefore: stateBefore, in: room)
        }
        try deriveCurrentState(of: room, after: marked)
    }

    /// Gives an event the standing that it has with another state before it.
    private func judgeAgain(_ event: Event, _ shortID: ShortEventID, stateBefore: ShortStateHash, in room: Room) throws {
        let standing = try view.standing(of: event.id)
        commit.put(RoomsMaps.shortEventIDToStateHash, shortID, stateBefore)
        do {
            try check(event, by: authEvents(of: event, in: room), stateBefore: stateBefore, isPartial: false, in: room)
        } catch let error as AuthorizationError {
            if case .inTimeline(let pduID) = standing, let stored = try view.event(shortID) {
                try leaveTimeline(stored, at: pduID, in: room)
            }
            return try keepRejected(event, because: error, stateBefore: stateBefore, in: room)
        }
        let replaced = try event.key.flatMap { try view.event(of: $0, in: stateBefore) }
        if case .inTimeline(let pduID) = standing, let stored = try view.event(shortID) {
            let stored = StoredEvent(
                id: stored.id, shortID: shortID, replaced: replaced ?? .none, redaction: stored.redaction, json: stored.json)
            return commit.put(RoomsMaps.pduIDToEvent, pduID, stored)
        }
        try endStayApart(event.id, shortID, in: room)
        let position = commit.stamp(kind: RoomsChange.event.rawValue, scope: room.shortID.scope) {
            PDUID(room: room.shortID, position: $0).encoded
        }
        let pduID = PDUID(room: room.shortID, position: position)
        try enter(event, shortID, at: pduID, stateBefore: stateBefore, replacing: replaced, in: room)
        try takeEffect(AppendedEvent(event: event, pduID: pduID, shortID: shortID), wasHeardOf: true, in: room)
    }

    /// Makes the log's entry for an event that has left its place say only that something happened.
    func forgetEntry(at pduID: PDUID) throws {
        guard pduID.isLive, try commit.get(CommonMaps.positionChange, pduID.position) != nil else { return }
        commit.put(
            CommonMaps.positionChange, pduID.position,
            Change(kind: RoomsChange.state.rawValue, scope: pduID.room.scope, key: []))
    }

    /// Finds the extremities and the current state anew, when the standing of some events has changed.
    private func deriveCurrentState(of room: Room, after changed: [ShortEventID]) throws {
        let old = try view.extremities(of: room.shortID)
        var accepted: [ShortEventID: Event] = [:]
        for shortID in Set(changed).union(old.map(\.event)) where try commit.get(RoomsMaps.shortEventIDToPDUID, shortID) != nil {
            accepted[shortID] = try view.event(shortID).map { try Event($0, in: room) }
        }
        var ends = Set(accepted.keys)
        for event in accepted.values {
            let previous = try view.reader.get(RoomsMaps.eventIDToShortID, all: event.prevEvents).compactMap(\.self)
            ends.subtract(try followed(among: Set(accepted.keys), by: previous, in: room))
        }
        let new = ends.sorted().map { (event: $0, depth: accepted[$0]?.depth ?? 0) }
        commit.put(RoomsMaps.roomExtremities, room.shortID, Extremities(new))
        let current = try view.currentState(of: room.shortID)
        let next = try resolve(new.map { try state(after: $0.event, in: room) }, in: room, Resolutions())
        let position = commit.stamp(kind: RoomsChange.state.rawValue, scope: room.shortID.scope) { _ in [] }
        try setCurrentState(of: room, from: current, to: next, at: position)
    }
}

extension RoomsView {
    /// Whether the room's state lacks memberships that are on their way.
    package func isPartial(_ room: ShortRoomID) throws -> Bool {
        try reader.contains(RoomsMaps.partialStates, FixedKey(room, .none))
    }

    /// The events that were judged on partial state, in the order in which they were.
    package func eventsOnPartialState(in room: ShortRoomID) throws -> [ShortEventID] {
        var entries = try reader.domain(RoomsMaps.partialStates, .fixed(room))
        return try entries.collect().filter { $0.key.parts.1 != .none }.sorted { ($0.value, $0.key.parts.1) < ($1.value, $1.key.parts.1) }
            .map { $0.key.parts.1 }
    }
}
