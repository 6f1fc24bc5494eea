import MatrixProtocol
import Store

/// New room states.
extension RoomsCommit {
    /// The short ID of a state key, a new one if no room has ever used it.
    func makeShortStateKey(_ key: StateKey) throws -> ShortStateKey {
        if let short = try view.shortStateKey(key) { return short }
        let number = commit.makeShortID(ShortStateKey.self).number
        let short = ShortStateKey(number: key.type == EventType.roomMember ? number | ShortStateKey.firstMember.number : number)
        commit.put(RoomsMaps.stateKeyToShortID, TupleKey(key.type, key.key), short)
        commit.put(RoomsMaps.shortIDToStateKey, short, TupleKey(key.type, key.key))
        return short
    }

    /// The state that `parent` becomes when `key` has `event`, or nothing any more, in place of `replaced`.
    func state(
        _ parent: ShortStateHash, setting key: ShortStateKey, to event: ShortEventID?, inPlaceOf replaced: ShortEventID?
    ) throws -> ShortStateHash {
        if event == replaced { return parent }
        var head = try view.head(of: parent)
        var sum = head.sum
        if let replaced { sum.remove(key, replaced, secret: stateSecret) }
        if let event { sum.add(key, event, secret: stateSecret) }
        if sum == StateSum() { return .empty }
        if let known = try commit.get(RoomsMaps.stateHashToShortID, sum.bytes) { return known }

        var entries: [StateLayer.Entry] = [(key, event ?? .none)]
        var below = parent
        while below != .empty, head.layers >= StateLayer.layersMax || entries.count * StateLayer.mergeRatio >= Int(head.entryCount) {
            entries = StateLayer.merge(entries, over: try view.layerEntries(of: below), isLast: head.parent == .empty)
            below = head.parent
            head = try view.head(of: below)
        }
        let state = commit.makeShortID(ShortStateHash.self)
        commit.put(RoomsMaps.stateHashToShortID, sum.bytes, state)
        write(entries, of: state, over: below, layers: head.layers + 1, sum: sum)
        return state
    }

    private func write(_ entries: [StateLayer.Entry], of state: ShortStateHash, over parent: ShortStateHash, layers: UInt8, sum: StateSum) {
        let head = StateLayer.Head(parent: parent, layers: layers, entryCount: UInt64(entries.count), sum: sum)
        commit.put(RoomsMaps.stateLayers, FixedKey(state, StateLayer.headKey), head.encoded)
        var rest = entries[...]
        while let first = rest.first {
            let chunk = rest.prefix(StateLayer.chunkEntriesMax)
            commit.put(RoomsMaps.stateLayers, FixedKey(state, first.key), StateLayer.chunk(chunk))
            rest = rest.dropFirst(chunk.count)
        }
    }
}
