import MatrixProtocol
import Store
import StoredIdentifiers

/// Numbers what was judged on partial state, in its order.
package struct JudgementNumber: ShortID {
    package let number: UInt64
    package init(number: UInt64) { self.number = number }
}

/// Rooms whose state lacks memberships for the time being.
extension RoomsCommit {
    /// Whether an event is judged on partial state; if it is the first one, the room is marked.
    ///
    /// - Parameter given: the state before it, where that is given.
    func isPartial(_ room: Room, before given: GivenState?) throws -> Bool {
        if try view.isPartial(room.shortID) { return true }
        guard let given, given.isPartial else { return false }
        mark(.none, in: room)
        return true
    }

    /// Marks an event that was judged on partial state: it is to be judged again.
    func markIfPartial(_ shortID: ShortEventID, in room: Room) throws {
        if try view.isPartial(room.shortID) { mark(shortID, in: room) }
    }

    /// Marks an event, or by none the room.
    func mark(_ shortID: ShortEventID, in room: Room) {
        commit.put(RoomsMaps.partialStates, FixedKey(room.shortID, shortID), commit.makeShortID(JudgementNumber.self))
    }

    /// Judges some of the events again that were judged on partial state, in the order in which they were; after the last one the room's
    /// state is full.
    ///
    /// - Parameters:
    ///   - entry: the event by which this server has entered the room.
    ///   - full: the full state before it.
    ///   - last: the last event that was judged again before.
    /// - Returns: the last one that is judged again now; nil when all are.
    func judgeAgain(
        in room: Room, entry: ShortEventID, full: ShortStateHash, after last: JudgementNumber, _ prepared: Prepared
    ) throws -> JudgementNumber? {
        guard try view.isPartial(room.shortID) else { return nil }
        let marked = try view.eventsOnPartialState(in: room.shortID)
        var judged = last
        for (shortID, number) in marked where number > last {
            if commit.isHalfFull { return judged }
            guard let stored = try view.event(shortID) else { continue }
            let event = try Event(stored, in: room)
            do {
                let stateBefore = try fullState(before: event, shortID, entry: entry, full: full, in: room, prepared)
                try judgeAgain(event, shortID, stateBefore: stateBefore, in: room)
            } catch  where judged > last && Self.comesBeforeWriting(error) {
                // The next commit begins with this one.
                return judged
            }
            judged = number
        }
        commit.delete(RoomsMaps.partialStates, .fixed(room.shortID))
        try deriveCurrentState(of: room, after: marked.map(\.event), entry: entry, prepared)
        return nil
    }

    /// The state before an event that was judged on partial state, now that the full one is known before the entry.
    private func fullState(
        before event: Event, _ shortID: ShortEventID, entry: ShortEventID, full: ShortStateHash, in room: Room, _ prepared: Prepared
    ) throws -> ShortStateHash {
        if shortID == entry { return full }
        let previous = try previousEvents(of: event, in: room)
        if previous.missing.isEmpty { return try resolve(previous.known.map { try state(after: $0, in: room) }, in: room, prepared) }
        // It was given, and lacks no more than memberships, which are as they were at the entry.
        let given = try view.difference(from: full, to: view.state(before: shortID)).filter { !($0.key.isMember && $0.new == nil) }
        return try state(full, with: given, in: room.shortID)
    }

    /// Gives an event the standing that it has with another state before it.
    private func judgeAgain(_ event: Event, _ shortID: ShortEventID, stateBefore: ShortStateHash, in room: Room) throws {
        let standing = try view.standing(of: event.id)
        commit.put(RoomsMaps.shortEventIDToStateHash, shortID, stateBefore)
        if case .softFailed = standing { return }
        do {
            try check(event, by: authEvents(of: event, in: room), stateBefore: stateBefore, isPartial: false, in: room)
        } catch let error as AuthorizationError {
            if case .inTimeline(let pduID) = standing, let stored = try view.event(shortID) {
                try leaveTimeline(stored, at: pduID, in: room)
            }
            try keepRejected(event, because: error, stateBefore: stateBefore, in: room)
            return
        }
        let replaced = try event.key.flatMap { try view.event(of: $0, in: stateBefore) } ?? .none
        if case .inTimeline(let pduID) = standing {
            guard let stored = try view.event(shortID), stored.replaced != replaced else { return }
            let changed = StoredEvent(
                id: stored.id, shortID: shortID, replaced: replaced, redaction: stored.redaction, json: stored.json)
            return commit.put(RoomsMaps.pduIDToEvent, pduID, changed)
        }
        let position = commit.stamp(kind: RoomsChange.event.rawValue, scope: room.shortID.scope) {
            PDUID(room: room.shortID, position: $0).encoded
        }
        let appended = AppendedEvent(event: event, pduID: PDUID(room: room.shortID, position: position), shortID: shortID)
        try enter(appended, isKnown: true, stateBefore: stateBefore, replacing: replaced, in: room)
        try takeEffect(appended, wasHeardOf: true, in: room)
    }

    /// Finds the extremities and the current state anew, when the standing of some events has changed.
    private func deriveCurrentState(of room: Room, after judged: [ShortEventID], entry: ShortEventID, _ prepared: Prepared) throws {
        let candidates = Set(judged).union(try view.extremities(of: room.shortID).map(\.event))
        var accepted: [ShortEventID: Event] = [:]
        for shortID in candidates where try commit.get(RoomsMaps.shortEventIDToPDUID, shortID) != nil {
            accepted[shortID] = try view.event(shortID).map { try Event($0, in: room) }
        }
        var ends = Set(accepted.keys)
        for event in accepted.values {
            let previous = try view.reader.get(RoomsMaps.eventIDToShortID, all: event.prevEvents).compactMap(\.self)
            ends.subtract(try followed(among: Set(accepted.keys), by: previous, in: room))
        }
        // What came late is followed by events that are not among these.
        let newest = try ends.filter { try commit.get(RoomsMaps.referencedEvents, FixedKey(room.shortID, $0)) == nil }
        let new = (newest.isEmpty ? ends : newest).sorted().suffix(Extremities.countMax)
        commit.put(RoomsMaps.roomExtremities, room.shortID, Extremities(new.map { ($0, accepted[$0]?.depth ?? 0) }))
        // Where nothing was allowed, the room is what it was before this server came.
        let next =
            try new.isEmpty
            ? view.state(before: entry) : resolve(new.map { try state(after: $0, in: room) }, in: room, prepared)
        let position = commit.stamp(kind: RoomsChange.state.rawValue, scope: room.shortID.scope) { _ in [] }
        try setCurrentState(of: room, to: next, by: .withIndex, at: position, prepared)
    }
}

extension RoomsDatabase {
    /// Takes over the full state before the event by which this server has entered a room, and judges again what was judged without it.
    /// What was done when the program ends in between is done again by the next call.
    ///
    /// - Parameter entry: the event whose state was given partially.
    /// - Throws: `PipelineError.missingStateEvents`.
    package func completeState(
        of room: Room, before entry: EventID, with given: GivenState, within limits: CommitLimits = CommitLimits()
    ) async throws {
        guard let entry = try view().shortID(of: entry), try view().isPartial(room.shortID) else { return }
        let full = try await keep(given, in: room)
        var last: JudgementNumber? = JudgementNumber(number: 0)
        while let judged = last {
            last = try await commit(in: room.id, within: limits) { commit, prepared in
                try commit.judgeAgain(in: room, entry: entry, full: full, after: judged, prepared)
            }
        }
    }
}

extension RoomsView {
    /// Whether the room's state lacks memberships that are on their way.
    package func isPartial(_ room: ShortRoomID) throws -> Bool {
        try reader.contains(RoomsMaps.partialStates, FixedKey(room, .none))
    }

    /// The events that were judged on partial state, in the order in which they were.
    func eventsOnPartialState(in room: ShortRoomID) throws -> [(event: ShortEventID, number: JudgementNumber)] {
        var entries = try reader.domain(RoomsMaps.partialStates, .fixed(room))
        return try entries.collect().filter { $0.key.parts.1 != .none }.map { ($0.key.parts.1, $0.value) }.sorted { $0.1 < $1.1 }
    }
}
