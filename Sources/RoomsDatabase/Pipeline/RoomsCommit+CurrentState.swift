import MatrixProtocol
import Store
import StoredIdentifiers

/// The room's extremities and its current state, which is the resolution of the states after them.
extension RoomsCommit {
    /// So many events that are in nobody's timeline are looked through for the extremities that they follow.
    private static let apartMax = 200

    /// Makes an event an extremity in place of those that it follows.
    ///
    /// - Returns: the room's current state from here on.
    func moveExtremities(
        to appended: AppendedEvent, isKnown: Bool, after previous: Previous, stateAfter: ShortStateHash, in room: Room,
        _ resolutions: Resolutions
    ) throws -> ShortStateHash {
        let own = (event: appended.shortID, depth: appended.event.depth)
        guard case .events(let events, _) = previous else {
            commit.put(RoomsMaps.roomExtremities, room.shortID, Extremities([own]))
            return stateAfter
        }
        let old = try view.extremities(of: room.shortID)
        let followed = try followed(among: Set(old.map(\.event)), by: events, in: room)
        var new = old.filter { !followed.contains($0.event) }
        // An event that others follow already has come late.
        let isFollowed = try isKnown && commit.get(RoomsMaps.referencedEvents, FixedKey(room.shortID, appended.shortID)) != nil
        if !isFollowed || new.isEmpty {
            let place = new.firstIndex { $0.event > own.event } ?? new.endIndex
            new.insert(own, at: place)
        } else if followed.isEmpty {
            return try view.currentState(of: room.shortID)
        }
        commit.put(RoomsMaps.roomExtremities, room.shortID, Extremities(new))
        let states = try new.map { $0.event == own.event ? stateAfter : try state(after: $0.event, in: room) }
        return try resolve(states, in: room, resolutions)
    }

    /// Which of some events one follows, directly or by way of events that were rejected or soft-failed.
    ///
    /// - Parameter events: its previous events.
    func followed(among candidates: Set<ShortEventID>, by events: [ShortEventID], in room: Room) throws -> Set<ShortEventID> {
        var seen = Set(events)
        var waiting = events.filter { !candidates.contains($0) }
        while let next = waiting.popLast(), seen.count < Self.apartMax {
            guard try commit.get(RoomsMaps.shortEventIDToPDUID, next) == nil, let stored = try view.event(next) else { continue }
            for id in try Event(stored, in: room).prevEvents {
                guard let short = try view.shortID(of: id), seen.insert(short).inserted else { continue }
                if !candidates.contains(short) { waiting.append(short) }
            }
        }
        return candidates.intersection(seen)
    }

    /// Makes a state the room's current one, from a position on, with everything that follows it: the state by key, and memberships.
    ///
    /// - Parameters:
    ///   - changes: the difference of the two, where it is known.
    ///   - appended: the event that brings it about, where there is one.
    func setCurrentState(
        of room: Room, from old: ShortStateHash, to new: ShortStateHash, changes: [StateChange]? = nil, at position: Position,
        by appended: AppendedEvent? = nil
    ) throws {
        let changes = try changes ?? view.difference(from: old, to: new)
        if changes.isEmpty { return }
        for (key, _, event) in changes {
            if let event {
                commit.put(RoomsMaps.roomStateKeyToEvent, FixedKey(room.shortID, key), event)
            } else {
                commit.delete(RoomsMaps.roomStateKeyToEvent, FixedKey(room.shortID, key))
            }
        }
        commit.put(RoomsMaps.roomToStateHash, room.shortID, new)
        commit.put(RoomsMaps.roomPositionToStateHash, FixedKey(room.shortID, position), new)
        for (key, _, event) in changes where key.isMember {
            try takeMembership(of: key, from: event, in: room, at: position, by: appended)
        }
    }

    /// Takes over the membership that the current state has for a key.
    private func takeMembership(
        of key: ShortStateKey, from event: ShortEventID?, in room: Room, at position: Position, by appended: AppendedEvent?
    ) throws {
        if let appended, appended.shortID == event {
            guard let user = appended.event.stateKey, let membership = appended.event.membership else { return }
            return try setMembership(of: UserID(trusted: user), in: room.shortID, to: membership, at: position)
        }
        // A state that no longer has a membership says the same as one that the user has left.
        let membership = try event.map { try parsedEvent($0, in: room)?.membership } ?? .leave
        guard let membership, let user = try view.stateKeys(of: [key]).first?.key else { return }
        try setMembership(of: UserID(trusted: user), in: room.shortID, to: membership, at: position)
    }
}
