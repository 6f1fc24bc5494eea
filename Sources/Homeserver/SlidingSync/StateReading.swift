import MatrixProtocol
import RoomsDatabase
import Store

/// A state of a room, for somebody who wants parts of it.
struct StateReading {
    let view: RoomsView
    let room: ShortRoomID
    let state: ShortStateHash
    /// Whether it is the room's current state, which is read faster than others.
    let isCurrent: Bool

    /// The entries that are wanted, whatever is in the timeline.
    func entries(_ wanted: RequiredState) throws -> [ShortStateKey: ShortEventID] {
        var entries: [ShortStateKey: ShortEventID] = [:]
        if wanted.hasWildcards {
            let part: RoomsView.StatePart = wanted.wantsAllMembers ? .everything : .allButMembers
            let all = try isCurrent ? view.currentEntries(of: room, part) : view.entries(of: state, part)
            for ((key, event), stateKey) in zip(all, try view.stateKeys(of: all.map(\.key))) where wanted.wants(stateKey) {
                entries[key] = event
            }
        }
        return try entries.merging(self.entries(Array(wanted.keys))) { $1 }
    }

    /// The entries for some keys; those that the state lacks are left out.
    func entries(_ keys: [StateKey]) throws -> [ShortStateKey: ShortEventID] {
        let shortKeys = try view.shortStateKeys(keys).compactMap(\.self)
        if isCurrent { return try view.currentEventIDs(shortKeys, in: room) }
        return try shortKeys.reduce(into: [:]) { $0[$1] = try view.event(of: $1, in: state) }
    }

    /// The event for a key.
    func event(_ key: StateKey) throws -> StoredEvent? {
        try entries([key]).values.first.flatMap { try view.event($0) }
    }
}
