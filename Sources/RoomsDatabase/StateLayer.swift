import Store

/// A room state as the store keeps it: what differs from another one, its parent.
///
/// In `shortstatehash_statediff` a layer is one record at (state, 0), its head, and its entries in chunks at (state, first state
/// key of the chunk), sorted; so the entry of a state key, if the layer has one, is found by one reverse seek. A state is its own
/// layer over those of its parents. Few and geometric: a layer that is not small against the one below it is written merged with
/// it, and there are never more than `layersMax`.
enum StateLayer {
    /// The most layers of a state.
    static let layersMax: UInt8 = 4
    /// The most entries of a chunk: 4 KiB.
    static let chunkEntriesMax = 256
    /// A layer at least one such part of the one below is merged with it.
    static let mergeRatio = 2

    /// The key of the head, which comes before every state key.
    static let headKey = ShortStateKey(number: 0)

    /// One entry: the state key's event, or `.none` where the layer takes the parent's entry away.
    typealias Entry = (key: ShortStateKey, event: ShortEventID)

    /// What is known of a layer without its entries.
    struct Head {
        /// The state under this one; `.empty` for the last layer.
        var parent: ShortStateHash
        /// How many layers the state has, this one included.
        var layers: UInt8
        /// How many entries this layer has.
        var entryCount: UInt64
        /// The sum of the whole state.
        var sum: StateSum

        /// The head of the empty state.
        static let empty = Head(parent: .empty, layers: 0, entryCount: 0, sum: StateSum())

        /// Parent (8 bytes), layers (1), entry count (8), sum (32).
        var encoded: [UInt8] {
            var bytes: [UInt8] = []
            parent.encodeFixedWidth(to: &bytes)
            bytes.append(layers)
            entryCount.encodeFixedWidth(to: &bytes)
            return bytes + sum.bytes
        }

        init(parent: ShortStateHash, layers: UInt8, entryCount: UInt64, sum: StateSum) {
            self.parent = parent
            self.layers = layers
            self.entryCount = entryCount
            self.sum = sum
        }

        init(encoded bytes: [UInt8]) throws {
            guard bytes.count == 17 + StateSum.sizeBytes else { throw StoreError.undecodable(bytes, as: "the head of a state") }
            parent = ShortStateHash(fixedWidth: bytes[0..<8])
            layers = bytes[8]
            entryCount = UInt64(fixedWidth: bytes[9..<17])
            sum = StateSum(bytes: bytes[17...])
        }
    }

    /// The entries of a chunk.
    static func entries(chunk bytes: [UInt8]) throws -> [Entry] {
        guard bytes.count % 16 == 0 else { throw StoreError.undecodable(bytes, as: "a chunk of a state") }
        return stride(from: 0, to: bytes.count, by: 16).map { start in
            (ShortStateKey(fixedWidth: bytes[start..<start + 8]), ShortEventID(fixedWidth: bytes[start + 8..<start + 16]))
        }
    }

    /// A chunk of the entries.
    static func chunk(_ entries: ArraySlice<Entry>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.count * 16)
        for entry in entries {
            entry.key.encodeFixedWidth(to: &bytes)
            entry.event.encodeFixedWidth(to: &bytes)
        }
        return bytes
    }

    /// The entry of a key in a chunk, found without decoding the others.
    static func entry(_ key: ShortStateKey, chunk bytes: [UInt8]) -> ShortEventID? {
        var low = 0
        var high = bytes.count / 16
        while low < high {
            let middle = (low + high) / 2
            if ShortStateKey(fixedWidth: bytes[middle * 16..<middle * 16 + 8]) < key { low = middle + 1 } else { high = middle }
        }
        guard low * 16 + 16 <= bytes.count, ShortStateKey(fixedWidth: bytes[low * 16..<low * 16 + 8]) == key else { return nil }
        return ShortEventID(fixedWidth: bytes[low * 16 + 8..<low * 16 + 16])
    }

    /// The entries of `upper` laid over those of `lower`. In a state's last layer nothing is left to take away.
    static func merge(_ upper: [Entry], over lower: [Entry], isLast: Bool) -> [Entry] {
        var merged: [Entry] = []
        merged.reserveCapacity(upper.count + lower.count)
        var next = 0
        for entry in upper {
            while next < lower.count, lower[next].key < entry.key {
                merged.append(lower[next])
                next += 1
            }
            if next < lower.count, lower[next].key == entry.key { next += 1 }
            if !isLast || entry.event != .none { merged.append(entry) }
        }
        merged += lower[next...]
        return merged
    }

    /// The changes that lead from one list of entries to another, both by ascending keys.
    static func changes(from old: [Entry], to new: [Entry]) -> [StateChange] {
        var changes: [StateChange] = []
        var (olds, news) = (old[...], new[...])
        while let key = [olds.first?.key, news.first?.key].compactMap(\.self).min() {
            let before = olds.first?.key == key ? olds.removeFirst().event : nil
            let after = news.first?.key == key ? news.removeFirst().event : nil
            if before != after { changes.append((key, before, after)) }
        }
        return changes
    }
}

extension StateLayer {
    /// A record as people read it: a head's parts, or a chunk's entries.
    @Sendable static func describe(_ key: FixedKey<ShortStateHash, ShortStateKey>, _ bytes: [UInt8]) throws -> ReadableValue {
        guard key.parts.1 == headKey else {
            return .list(try entries(chunk: bytes).map { ["state_key": $0.key.readable, "event": $0.event.readable] })
        }
        let head = try Head(encoded: bytes)
        return [
            "parent": head.parent.readable, "layers": head.layers.readable, "entries": head.entryCount.readable,
            "sum": .text(Hexadecimal.encode(head.sum.bytes)),
        ]
    }
}
