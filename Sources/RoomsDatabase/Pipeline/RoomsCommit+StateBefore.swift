import MatrixProtocol
import Store
import StoredIdentifiers

/// States that were resolved before a commit, since that takes long for large ones.
package struct Resolutions: Sendable {
    private var resolved: [Set<StateSum>: [StateEntry]] = [:]
    /// The most entries of all states that are resolved within a commit.
    private let entriesMax: Int

    /// - Parameter entriesMax: how many entries all states may have that are resolved within the commit.
    package init(entriesMax: Int = .max) {
        self.entriesMax = entriesMax
    }

    /// Takes over an outcome.
    mutating func add(_ entries: [StateEntry], of states: StatesToResolve) {
        resolved[states.sums] = entries
    }

    subscript(sums: Set<StateSum>) -> [StateEntry]? { resolved[sums] }

    func allows(entryCount: Int) -> Bool { entryCount <= entriesMax }
}

/// Thrown by a commit that needs the resolution of large states: it is to be worked out on what is published, and the commit tried again.
struct StatesToResolve: Error {
    let sums: Set<StateSum>
    let states: [[StateEntry]]
    let room: Room
}

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
    func state(after events: [ShortEventID], in room: Room, _ resolutions: Resolutions = Resolutions()) throws -> ShortStateHash {
        // The room's current state is the resolution of just these.
        if try Set(view.extremities(of: room.shortID).map(\.event)) == Set(events) { return try view.currentState(of: room.shortID) }
        return try resolve(events.map { try state(after: $0, in: room) }, in: room, resolutions)
    }

    /// What some states of the room resolve to.
    func resolve(_ states: [ShortStateHash], in room: Room, _ resolutions: Resolutions) throws -> ShortStateHash {
        var distinct: [ShortStateHash] = []
        for state in states where !distinct.contains(state) { distinct.append(state) }
        guard distinct.count > 1, let first = distinct.first else { return distinct.first ?? .empty }
        let sums = Set(try distinct.map { try view.head(of: $0).sum })
        let base = try Self.entries(of: first, view)
        let resolved: [StateEntry]
        if let known = resolutions[sums] {
            resolved = known
        } else {
            let lists = [base] + (try distinct.dropFirst().map { try Self.entries(of: $0, view) })
            guard resolutions.allows(entryCount: lists.reduce(0) { $0 + $1.count }) else {
                throw StatesToResolve(sums: sums, states: lists, room: room)
            }
            resolved = try StateResolution.resolve(
                lists, version: room.version, events: RoomEvents(view: view, room: room, cache: authEvents))
        }
        return try state(first, with: Self.changes(from: base, to: resolved), in: room.shortID)
    }

    private static func entries(of state: ShortStateHash, _ view: RoomsView) throws -> [StateEntry] {
        try view.entries(of: state).map { StateEntry(key: StateKeyNumber($0.key.number), event: EventNumber($0.event.number)) }
    }

    /// The changes that lead from one list of entries to another, both by ascending keys.
    private static func changes(from old: [StateEntry], to new: [StateEntry]) -> [StateChange] {
        var changes: [StateChange] = []
        var (olds, news) = (old[...], new[...])
        while let key = [olds.first?.key, news.first?.key].compactMap(\.self).min() {
            let before = olds.first?.key == key ? olds.removeFirst().event : nil
            let after = news.first?.key == key ? news.removeFirst().event : nil
            if before != after {
                changes.append(
                    (
                        ShortStateKey(number: key.rawValue), before.map { ShortEventID(number: $0.rawValue) },
                        after.map { ShortEventID(number: $0.rawValue) }
                    ))
            }
        }
        return changes
    }
}
