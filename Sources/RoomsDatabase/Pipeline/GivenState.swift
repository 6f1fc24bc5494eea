import MatrixProtocol
import Store
import StoredIdentifiers

/// The state before an event as another server tells it. Its events are here.
package struct GivenState: Sendable {
    package let events: [EventID]
    /// Whether memberships are left out, which will come later.
    package let isPartial: Bool

    package init(_ events: [EventID], isPartial: Bool = false) {
        self.events = events
        self.isPartial = isPartial
    }
}

extension RoomsView {
    /// The entries of a given state, as far as they were not rejected, by their keys.
    ///
    /// - Throws: `PipelineError.missingStateEvents`.
    func entries(of given: GivenState, in room: Room) throws -> [StateKey: ShortEventID] {
        var missing: [EventID] = []
        var entries: [StateKey: ShortEventID] = [:]
        for (id, short) in zip(given.events, try reader.get(RoomsMaps.eventIDToShortID, all: given.events)) {
            guard let short, try isEvent(short, of: room.shortID), let stored = try event(short) else {
                missing.append(id)
                continue
            }
            guard try !isRejected(short), let key = try Event(stored, in: room).key else { continue }
            entries[key] = short
        }
        guard missing.isEmpty else { throw PipelineError.missingStateEvents(missing) }
        return entries
    }
}

extension RoomsCommit {
    /// The state that another server tells before an event, made one of the room's.
    ///
    /// - Throws: `PipelineError.missingStateEvents`; `GivenStateToKeep` when there is too much of it.
    func givenState(_ given: GivenState?, before event: EventID, in room: Room, _ prepared: Prepared) throws -> ShortStateHash {
        guard let given else { return .empty }
        if let state = prepared.givenState(before: event) { return state }
        guard given.events.count <= prepared.limits.memberships else { throw GivenStateToKeep(event: event, given: given, room: room) }
        let entries = try view.entries(of: given, in: room).map { (try makeShortStateKey($0), $1) }
        let changes: [StateChange] = entries.sorted { $0.0 < $1.0 }.map { ($0.0, nil, $0.1) }
        return try state(.empty, with: changes, in: room.shortID)
    }
}

extension RoomsDatabase {
    /// So many state keys are named in one commit.
    private static let namedPerCommit = 1_000

    /// Makes a state that another server tells one of the room's states, by commits that mean nothing until an event has it before it.
    ///
    /// - Throws: `PipelineError.missingStateEvents`.
    func keep(_ given: GivenState, in room: Room) async throws -> ShortStateHash {
        let entries = try view().entries(of: given, in: room)
        let keys = Array(entries.keys)
        var shortKeys: [ShortStateKey] = []
        while shortKeys.count < keys.count {
            let next = keys[shortKeys.count...].prefix(Self.namedPerCommit)
            shortKeys += try await commit { commit in try next.map { try commit.makeShortStateKey($0) } }
        }
        let layer: [StateLayer.Entry] = zip(shortKeys, keys).compactMap { short, key in entries[key].map { (short, $0) } }
            .sorted { $0.0 < $1.0 }
        var sum = StateSum()
        for (key, event) in layer { sum.add(key, event, secret: stateSecret) }
        return try await commit { [sum] commit in try commit.state(of: layer, sum: sum, in: room.shortID) }
    }
}
