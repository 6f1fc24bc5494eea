import MatrixProtocol
import Store
import StoredIdentifiers

/// Room states, their layers and keys.
extension RoomsVerification {
    static func states(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        try check.each(Maps.stateKeyToShortID, has: Maps.shortIDToStateKey, at: { $1 }, where: { $0.parts == $2.parts })
        try check.each(Maps.shortIDToStateKey, has: Maps.stateKeyToShortID, at: { $1 }, where: { short, _, other in short == other })
        try check.each(Maps.roomToStateHash, has: Maps.shortIDToRoomID)
        try check.each(Maps.roomToStateHash, has: Maps.stateLayers, at: { head($1) })
        try check.each(Maps.roomPositionToStateHash, has: Maps.shortIDToRoomID, at: { key, _ in key.parts.0 })
        try check.each(Maps.roomPositionToStateHash, has: Maps.stateLayers, at: { head($1) })
        try check.each(
            Maps.stateHashToShortID, has: Maps.stateLayers, at: { head($1) },
            where: { sum, _, record in (try? StateLayer.Head(encoded: record))?.sum.bytes == sum })
        try check.each(Maps.roomStates, has: Maps.shortIDToRoomID, at: { key, _ in key.parts.0 })
        try check.each(Maps.roomStates, has: Maps.stateLayers, at: { key, _ in head(key.parts.1) })
        try check.each(Maps.partialStates, has: Maps.shortIDToRoomID, at: { key, _ in key.parts.0 })
        try layers(&check)
    }

    /// The place of a state's head, which every state has but the empty one.
    private static func head(_ state: ShortStateHash) -> FixedKey<ShortStateHash, ShortStateKey>? {
        state == .empty ? nil : FixedKey(state, StateLayer.headKey)
    }

    private static func layers(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        func isHead(_ key: FixedKey<ShortStateHash, ShortStateKey>) -> Bool { key.parts.1 == StateLayer.headKey }
        try check.each(
            Maps.stateLayers, has: Maps.stateHashToShortID, at: { isHead($0) ? try StateLayer.Head(encoded: $1).sum.bytes : nil },
            where: { key, _, state in state == key.parts.0 })
        // With one layer more than its parent, and an end to their number, every chain of parents ends.
        try check.each(
            Maps.stateLayers, has: Maps.stateLayers, at: { isHead($0) ? head(try StateLayer.Head(encoded: $1).parent) : nil },
            where: { _, record, parentRecord in
                guard let state = try? StateLayer.Head(encoded: record), let parent = try? StateLayer.Head(encoded: parentRecord) else {
                    return false
                }
                return state.layers == parent.layers + 1 && state.layers <= StateLayer.layersMax
            })
        try check.each(
            Maps.stateLayers, hasAll: Maps.shortEventIDToEventID,
            at: { isHead($0) ? [] : try StateLayer.entries(chunk: $1).map(\.event).filter { $0 != .none } })
        try check.each(
            Maps.stateLayers, hasAll: Maps.shortIDToStateKey, at: { isHead($0) ? [] : try StateLayer.entries(chunk: $1).map(\.key) })
        try chunks(&check)
    }

    /// Looks whether each layer has as many entries as its head says, in the order of their keys.
    private static func chunks(_ check: inout ReferenceCheck) throws {
        var state: ShortStateHash?
        var missing: UInt64 = 0
        var lastKey = StateLayer.headKey
        func end(_ check: inout ReferenceCheck) {
            guard let state, missing != 0 else { return }
            check.note(RoomsMaps.stateLayers, FixedKey(state, StateLayer.headKey), "the layer has not as many entries as its head says")
        }
        try check.walk(RoomsMaps.stateLayers) { check, records in
            for (key, record) in records {
                let (layer, first) = key.parts
                if layer != state {
                    end(&check)
                    (state, missing, lastKey) = (layer, 0, StateLayer.headKey)
                    guard first == StateLayer.headKey else {
                        check.note(RoomsMaps.stateLayers, key, "belongs to a layer that has no head")
                        continue
                    }
                    missing = try StateLayer.Head(encoded: record).entryCount
                    continue
                }
                let entries = try StateLayer.entries(chunk: record)
                let isSorted = zip([lastKey] + entries.map(\.key), entries).allSatisfy { $0 < $1.key }
                if entries.first?.key != first || !isSorted { check.note(RoomsMaps.stateLayers, key, "its entries are out of order") }
                lastKey = entries.last?.key ?? lastKey
                missing &-= UInt64(entries.count)
            }
        }
        end(&check)
    }

    /// Looks whether the current state by key is the one that the room's state is made of.
    static func currentStates(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        try check.each(Maps.roomStateKeyToEvent, has: Maps.shortIDToRoomID, at: { key, _ in key.parts.0 })
        try check.each(Maps.roomStateKeyToEvent, has: Maps.shortIDToStateKey, at: { key, _ in key.parts.1 })
        try check.each(Maps.roomStateKeyToEvent, has: Maps.shortEventIDToEventID, at: { $1 })
        let view = RoomsView(check.reader)
        let ownName = try ownName(check)
        try check.walk(Maps.roomToStateHash) { check, rooms in
            for (room, state) in rooms {
                // Where this server is only entering, or members are on their way, memberships may be ahead of the state.
                let isIn = try ownName.map { try view.isInRoom($0, room) } ?? true
                let part: RoomsView.StatePart = try isIn && !view.isPartial(room) ? .everything : .allButMembers
                let byKey = try view.currentEntries(of: room, part)
                let ofState = try view.entries(of: state, part)
                if byKey.map(\.key) != ofState.map(\.key) || byKey.map(\.event) != ofState.map(\.event) {
                    check.note(
                        Maps.roomToStateHash, room, "the state \(state.number) is not what \(Maps.roomStateKeyToEvent.map.name) has")
                }
            }
        }
    }
}
