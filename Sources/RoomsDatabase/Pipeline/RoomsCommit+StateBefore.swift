import MatrixProtocol
import Store
import StoredIdentifiers

/// The state before and after an event.
extension RoomsCommit {
    /// The state after an event that has a state before it.
    func state(after event: ShortEventID, in room: Room) throws -> ShortStateHash {
        let before = try view.state(before: event)
        guard try !view.isRejected(event), let stored = try view.event(event), let key = try Event(stored, in: room).key else {
            return before
        }
        let shortKey = try makeShortStateKey(key)
        return try state(before, with: [(shortKey, view.event(of: shortKey, in: before), event)], in: room.shortID)
    }

    /// The state before an event that follows these: what their states resolve to.
    func state(after events: [ShortEventID], in room: Room, _ prepared: Prepared = Prepared()) throws -> ShortStateHash {
        // The room's current state is the resolution of just these.
        if try Set(view.extremities(of: room.shortID).map(\.event)) == Set(events) { return try view.currentState(of: room.shortID) }
        return try resolve(events.map { try state(after: $0, in: room) }, in: room, prepared)
    }

    /// What some states of the room resolve to.
    ///
    /// - Throws: `StatesToResolve` when they are too large.
    func resolve(_ states: [ShortStateHash], in room: Room, _ prepared: Prepared) throws -> ShortStateHash {
        var distinct: [ShortStateHash] = []
        for state in states where !distinct.contains(state) { distinct.append(state) }
        guard distinct.count > 1, let first = distinct.first else { return distinct.first ?? .empty }
        let sums = Set(try distinct.map { try view.head(of: $0).sum })
        let resolved: [StateEntry]
        if let known = prepared.resolution(of: sums) {
            resolved = known
        } else {
            guard try distinct.reduce(0, { try $0 + view.entryCountMax(of: $1) }) <= prepared.limits.resolvedEntries else {
                throw StatesToResolve(sums: sums, states: try distinct.map { try unresolved($0) }, room: room)
            }
            resolved = try StateResolution.resolve(
                distinct.map { try view.entries(of: $0).map(StateEntry.init) }, version: room.version,
                events: RoomEvents(view: view, room: room, cache: authEvents))
        }
        let entries: [StateLayer.Entry] = resolved.map { (ShortStateKey(number: $0.key.rawValue), ShortEventID(number: $0.event.rawValue)) }
        return try state(first, with: StateLayer.changes(from: try view.entries(of: first), to: entries), in: room.shortID)
    }

    /// A state as it can be asked for when this commit has come to nothing.
    private func unresolved(_ state: ShortStateHash) throws -> StatesToResolve.State {
        var changes: [StateLayer.Entry] = []
        var layer = state
        while hasMade(layer) {
            changes = StateLayer.merge(changes, over: try view.layerEntries(of: layer), isLast: false)
            layer = try view.head(of: layer).parent
        }
        return StatesToResolve.State(base: layer, changes: changes)
    }
}
