/// States divided into what they agree on and what they don't ("Unconflicted state map and conflicted state set").
struct ConflictedState {
    /// What all states agree on, by ascending key.
    let unconflicted: [StateEntry]
    /// For each state, its entries that others disagree with, by ascending key.
    let conflicted: [[StateEntry]]

    /// - Parameters:
    ///   - states: each by ascending key, every key once.
    ///   - whatSomeLackConflicts: whether a key is in conflict too if some states have one event for it and others none.
    init(_ states: [[StateEntry]], whatSomeLackConflicts: Bool) {
        var keys: [Key] = []
        for state in states { keys = Self.merge(keys, state) }
        for index in keys.indices where whatSomeLackConflicts && keys[index].stateCount < states.count {
            keys[index].isConflicted = true
        }
        var unconflicted: [StateEntry] = []
        unconflicted.reserveCapacity(keys.count)
        for key in keys where !key.isConflicted { unconflicted.append(key.entry) }
        self.unconflicted = unconflicted
        // Both sides are sorted, so one walk finds each entry's key.
        conflicted = states.map { state in
            var position = 0
            return state.filter { entry in
                while keys[position].entry.key < entry.key { position += 1 }
                return keys[position].isConflicted
            }
        }
    }

    /// A key with the event that one of the states has for it.
    private struct Key {
        var entry: StateEntry
        /// How many states have the key.
        var stateCount: Int32 = 1
        /// Whether two of them have different events.
        var isConflicted = false
    }

    private static func merge(_ keys: [Key], _ state: [StateEntry]) -> [Key] {
        guard !keys.isEmpty else { return state.map { Key(entry: $0) } }
        var merged: [Key] = []
        merged.reserveCapacity(max(keys.count, state.count))
        var position = 0
        for entry in state {
            while position < keys.count, keys[position].entry.key < entry.key {
                merged.append(keys[position])
                position += 1
            }
            if position < keys.count, keys[position].entry.key == entry.key {
                var key = keys[position]
                key.stateCount += 1
                if key.entry.event != entry.event { key.isConflicted = true }
                merged.append(key)
                position += 1
            } else {
                merged.append(Key(entry: entry))
            }
        }
        merged += keys[position...]
        return merged
    }

    /// The unconflicted state with these entries, by ascending key, for keys that it lacks.
    func completed(by entries: [StateEntry]) -> [StateEntry] {
        var completed: [StateEntry] = []
        completed.reserveCapacity(unconflicted.count + entries.count)
        var position = 0
        for entry in entries {
            while position < unconflicted.count, unconflicted[position].key < entry.key {
                completed.append(unconflicted[position])
                position += 1
            }
            // What all agree on stands, whatever else the algorithm has found for the key.
            if position < unconflicted.count, unconflicted[position].key == entry.key { continue }
            completed.append(entry)
        }
        completed += unconflicted[position...]
        return completed
    }

    /// The event that all states agree on for a key.
    func unconflictedEvent(_ key: StateKeyNumber) -> EventNumber? {
        var low = 0
        var high = unconflicted.count
        while low < high {
            let middle = (low + high) / 2
            if unconflicted[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low < unconflicted.count && unconflicted[low].key == key ? unconflicted[low].event : nil
    }
}
