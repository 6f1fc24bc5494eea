import MatrixProtocol
import Store
import StoredIdentifiers

/// The room's extremities, the resolution of the states after which is its current state.
extension RoomsCommit {
    /// So many events that are in nobody's timeline are looked through for the extremities that they follow.
    private static let apartMax = 200

    /// Makes an event an extremity in place of those that it follows.
    ///
    /// - Returns: the room's current state from here on.
    func moveExtremities(
        to appended: AppendedEvent, isKnown: Bool, after previous: Previous, stateAfter: ShortStateHash, in room: Room,
        _ prepared: Prepared
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
        // Nobody can make ends without end: a further one waits for an event that follows it and one of the others.
        let isTooMany = new.count >= Extremities.countMax
        if new.isEmpty || !isFollowed && !isTooMany {
            let place = new.firstIndex { $0.event > own.event } ?? new.endIndex
            new.insert(own, at: place)
        } else if followed.isEmpty {
            return try view.currentState(of: room.shortID)
        }
        commit.put(RoomsMaps.roomExtremities, room.shortID, Extremities(new))
        let states = try new.map { $0.event == own.event ? stateAfter : try state(after: $0.event, in: room) }
        return try resolve(states, in: room, prepared)
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
}
