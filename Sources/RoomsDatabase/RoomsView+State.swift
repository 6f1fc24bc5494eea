import MatrixProtocol
import Store

/// Room states: the state before an event, at a position, and what lies between two.
extension RoomsView {
    /// The room's current state as a whole.
    package func currentState(of room: ShortRoomID) throws -> ShortStateHash {
        try reader.get(RoomsMaps.roomToStateHash, room) ?? .empty
    }

    /// The room's state before an event.
    package func state(before event: ShortEventID) throws -> ShortStateHash {
        try reader.get(RoomsMaps.shortEventIDToStateHash, event) ?? .empty
    }

    /// The room's state at a position: after everything up to and including it.
    package func state(of room: ShortRoomID, at position: Position) throws -> ShortStateHash {
        let range = KeyRange.fixed(room).below(FixedKey(room, position.next).encoded)
        return try reader.first(RoomsMaps.roomPositionToStateHash, range, .backward)?.value ?? .empty
    }

    /// The first of the room's states that has an event for a key, or nil.
    package func firstState(of room: ShortRoomID, with key: StateKey) throws -> ShortStateHash? {
        var states = try reader.domain(RoomsMaps.roomPositionToStateHash, .fixed(room))
        while let (_, state) = try states.next() {
            if try event(of: key, in: state) != nil { return state }
        }
        return nil
    }

    /// The event that a state has for a key.
    package func event(of key: ShortStateKey, in state: ShortStateHash) throws -> ShortEventID? {
        var layer = state
        while layer != .empty {
            // The reverse seek finds the chunk that can hold the key, or the head when the layer's first chunk begins above it.
            let range = KeyRange.fixed(layer).below(FixedKey(layer, ShortStateKey(number: key.number &+ 1)).encoded)
            guard let found = try reader.first(RoomsMaps.stateLayers, range, .backward) else {
                throw StoreError.undecodable([], as: "the state \(layer.number)")
            }
            if found.key.parts.1 == StateLayer.headKey {
                layer = try StateLayer.Head(encoded: found.value).parent
            } else if let event = StateLayer.entry(key, chunk: found.value) {
                return event == .none ? nil : event
            } else {
                layer = try head(of: layer).parent
            }
        }
        return nil
    }

    /// The event that a state has for a type and state key.
    package func event(of key: StateKey, in state: ShortStateHash) throws -> ShortEventID? {
        guard let short = try shortStateKey(key) else { return nil }
        return try event(of: short, in: state)
    }

    /// Which of a state's entries are wanted.
    package enum StatePart: Sendable {
        case everything
        case members
        case allButMembers

        func contains(_ key: ShortStateKey) -> Bool {
            switch self {
            case .everything: true
            case .members: key.isMember
            case .allButMembers: !key.isMember
            }
        }

        /// The range of a layer's chunks that can hold the part: a chunk may begin with other keys and end with members.
        func chunks(of layer: ShortStateHash) -> KeyRange {
            let all = KeyRange.fixed(layer)
            return self == .allButMembers ? all.below(FixedKey(layer, ShortStateKey.firstMember).encoded) : all
        }
    }

    /// All entries of a state, or a part of them, by ascending key.
    package func entries(of state: ShortStateHash, _ part: StatePart = .everything) throws -> [(key: ShortStateKey, event: ShortEventID)] {
        try entries(of: state, downTo: .empty, part)
    }

    /// What two states of a room don't have in common: for each key where they differ, what either has.
    package func difference(
        from old: ShortStateHash, to new: ShortStateHash
    ) throws -> [StateChange] {
        if old == new { return [] }
        let shared = try sharedLayer(old, new)
        // Where only one of the two has an entry of its own, the other has what they share.
        func below(_ key: ShortStateKey) throws -> ShortEventID? { shared == .empty ? nil : try event(of: key, in: shared) }
        func present(_ event: ShortEventID) -> ShortEventID? { event == .none ? nil : event }
        var olds = try entries(of: old, downTo: shared, .everything)[...]
        var news = try entries(of: new, downTo: shared, .everything)[...]
        var difference: [StateChange] = []
        while let key = [olds.first?.key, news.first?.key].compactMap(\.self).min() {
            let isInOld = olds.first?.key == key
            let isInNew = news.first?.key == key
            let before = try isInOld ? present(olds.removeFirst().event) : below(key)
            let after = try isInNew ? present(news.removeFirst().event) : below(key)
            if before != after { difference.append((key, before, after)) }
        }
        return difference
    }

    /// How many entries a state has at most, found without reading them.
    func entryCountMax(of state: ShortStateHash) throws -> Int {
        try layers(of: state).reduce(0) { $0 + Int(try head(of: $1).entryCount) }
    }

    func head(of state: ShortStateHash) throws -> StateLayer.Head {
        if state == .empty { return .empty }
        guard let bytes = try reader.get(RoomsMaps.stateLayers, FixedKey(state, StateLayer.headKey)) else {
            throw StoreError.undecodable([], as: "the state \(state.number)")
        }
        return try StateLayer.Head(encoded: bytes)
    }

    /// The entries of a state's own layer.
    func layerEntries(of state: ShortStateHash, _ part: StatePart = .everything) throws -> [StateLayer.Entry] {
        var entries: [StateLayer.Entry] = []
        var chunks = try reader.domain(RoomsMaps.stateLayers, part.chunks(of: state))
        while let (key, value) = try chunks.next() {
            if key.parts.1 != StateLayer.headKey { entries += try StateLayer.entries(chunk: value) }
        }
        return part == .everything ? entries : entries.filter { part.contains($0.key) }
    }

    /// The entries of all layers above `base`, with removals unless nothing is below.
    private func entries(of state: ShortStateHash, downTo base: ShortStateHash, _ part: StatePart) throws -> [StateLayer.Entry] {
        var merged: [StateLayer.Entry] = []
        for layer in try layers(of: state, downTo: base).reversed() {
            merged = StateLayer.merge(try layerEntries(of: layer, part), over: merged, isLast: base == .empty)
        }
        return merged
    }

    /// The layers that a state consists of, the topmost first, down to `base` and without it.
    package func layers(of state: ShortStateHash, downTo base: ShortStateHash = .empty) throws -> [ShortStateHash] {
        var layers: [ShortStateHash] = []
        var layer = state
        while layer != base, layer != .empty {
            layers.append(layer)
            layer = try head(of: layer).parent
        }
        return layers
    }

    /// The topmost layer that both states lie on, or `.empty`.
    private func sharedLayer(_ first: ShortStateHash, _ second: ShortStateHash) throws -> ShortStateHash {
        let seen = Set(try layers(of: first))
        return try layers(of: second).first(where: seen.contains) ?? .empty
    }
}
