import MatrixProtocol
import Store

/// What a state has for a key, and what another one has.
package typealias StateChange = (key: ShortStateKey, old: ShortEventID?, new: ShortEventID?)

/// New room states.
extension RoomsCommit {
    /// The state that `parent` becomes by some changes, which are sorted by their keys.
    func state(_ parent: ShortStateHash, with changes: [StateChange], in room: ShortRoomID) throws -> ShortStateHash {
        let changes = changes.filter { $0.old != $0.new }
        if changes.isEmpty { return parent }
        var head = try view.head(of: parent)
        var sum = head.sum
        for (key, old, new) in changes {
            if let old { sum.remove(key, old, secret: stateSecret) }
            if let new { sum.add(key, new, secret: stateSecret) }
        }
        if sum == StateSum() { return .empty }
        if let known = try commit.get(RoomsMaps.stateHashToShortID, sum.bytes) { return known }

        var entries: [StateLayer.Entry] = changes.map { ($0.key, $0.new ?? .none) }
        var below = parent
        while below != .empty, head.layers >= StateLayer.layersMax || entries.count * StateLayer.mergeRatio >= Int(head.entryCount) {
            entries = StateLayer.merge(entries, over: try view.layerEntries(of: below), isLast: head.parent == .empty)
            below = head.parent
            head = try view.head(of: below)
        }
        return makeState(of: entries, over: below, layers: head.layers + 1, sum: sum, in: room)
    }

    /// The state of just these entries, by ascending keys; the sum is theirs.
    func state(of entries: [StateLayer.Entry], sum: StateSum, in room: ShortRoomID) throws -> ShortStateHash {
        if entries.isEmpty { return .empty }
        return try commit.get(RoomsMaps.stateHashToShortID, sum.bytes)
            ?? makeState(of: entries, over: .empty, layers: 1, sum: sum, in: room)
    }

    private func makeState(
        of entries: [StateLayer.Entry], over parent: ShortStateHash, layers: UInt8, sum: StateSum, in room: ShortRoomID
    ) -> ShortStateHash {
        let state = commit.makeShortID(ShortStateHash.self)
        commit.put(RoomsMaps.stateHashToShortID, sum.bytes, state)
        commit.put(RoomsMaps.roomStates, FixedKey(room, state), Empty())
        write(entries, of: state, over: parent, layers: layers, sum: sum)
        return state
    }

    /// Writes a layer.
    func write(_ entries: [StateLayer.Entry], of state: ShortStateHash, over parent: ShortStateHash, layers: UInt8, sum: StateSum) {
        let head = StateLayer.Head(parent: parent, layers: layers, entryCount: UInt64(entries.count), sum: sum)
        commit.put(RoomsMaps.stateLayers, FixedKey(state, StateLayer.headKey), head.encoded)
        var rest = entries[...]
        while let first = rest.first {
            let chunk = rest.prefix(StateLayer.chunkEntriesMax)
            // A layer of many entries is written once for as many changes.
            commit.putUncounted(RoomsMaps.stateLayers, FixedKey(state, first.key), StateLayer.chunk(chunk))
            rest = rest.dropFirst(chunk.count)
        }
    }
}
