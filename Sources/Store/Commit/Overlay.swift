import RocksDB

/// The writes of a commit that is under way, over the state that it began with.
///
/// Invariants, for each map:
/// - the entries are sorted by key, and each key is there once;
/// - the deleted ranges are sorted, and neither overlap nor touch;
/// - a deleted range holds no entry that is older than the range: deleting a range drops the entries inside, so an entry inside
///   a deleted range was written after it and wins.
struct Overlay {
    private var maps: [ObjectIdentifier: MapOverlay] = [:]
    /// How many puts, deletions and range deletions were asked for, those left out that don't count.
    private(set) var writeCount = 0
    /// How many bytes of keys and values they had.
    private(set) var byteCount = 0

    var isEmpty: Bool { maps.isEmpty }

    /// Sets (a deletion: nil) the value at a key.
    ///
    /// - Parameter isCounted: whether it counts in `writeCount` and `byteCount`.
    mutating func set(_ value: [UInt8]?, at key: [UInt8], in map: MapDescriptor, isCounted: Bool = true) {
        if isCounted { count(key.count + (value?.count ?? 0)) }
        maps[ObjectIdentifier(map), default: MapOverlay(map: map)].set(value, at: key)
    }

    /// Deletes all keys of a range.
    mutating func delete(_ range: KeyRange, in map: MapDescriptor) {
        count(range.lower.count + (range.upper?.count ?? 0))
        maps[ObjectIdentifier(map), default: MapOverlay(map: map)].delete(range)
    }

    private mutating func count(_ bytes: Int) {
        writeCount += 1
        byteCount += bytes
    }

    /// What was written to a map, if anything.
    subscript(map: MapDescriptor) -> MapOverlay? {
        maps[ObjectIdentifier(map)]
    }

    /// Whether a walk through `map` that makes these writes hands over each entry exactly once: of that map they have only keys of the range that
    /// was walked, and several columns of one map don't get into each other's way.
    func isFit(forWalkThrough map: MapDescriptor, _ range: KeyRange) -> Bool {
        Set(maps.values.map(\.map.name)).count == maps.count
            && maps.values.allSatisfy { overlay in
                overlay.map.name != map.name
                    || overlay.deletedRanges.isEmpty && overlay.entries.allSatisfy { range.contains($0.key) }
            }
    }

    /// Appends the writes to a batch. Range deletions go first, as the invariant has it.
    func write(to batch: WriteBatch, columnFamily: (MapDescriptor) -> ColumnFamily) {
        for overlay in maps.values {
            let family = columnFamily(overlay.map)
            for range in overlay.deletedRanges {
                guard let upper = range.upper else { continue }
                batch.deleteRange(from: range.lower, to: upper, in: family)
            }
            for entry in overlay.entries {
                if let value = entry.value {
                    batch.put(entry.key, value, in: family)
                } else {
                    batch.delete(entry.key, in: family)
                }
            }
        }
    }
}

/// The part of an overlay that lies over one map.
struct MapOverlay {
    let map: MapDescriptor
    fileprivate(set) var entries: [(key: [UInt8], value: [UInt8]?)] = []
    fileprivate(set) var deletedRanges: [KeyRange] = []

    /// What an overlay knows about a key.
    enum Knowledge: Equatable {
        case written([UInt8])
        case deleted
        case untouched
    }

    func knowledge(of key: [UInt8]) -> Knowledge {
        let index = firstIndex(notBefore: key)
        if index < entries.count, entries[index].key == key {
            return entries[index].value.map(Knowledge.written) ?? .deleted
        }
        let rangeIndex = deletedRanges.partitioningIndex { ByteOrder.precedes(key, $0.lower) } - 1
        return rangeIndex >= 0 && deletedRanges[rangeIndex].contains(key) ? .deleted : .untouched
    }

    /// The index of the first entry whose key is `key` or comes after it.
    func firstIndex(notBefore key: [UInt8]) -> Int {
        entries.partitioningIndex { !ByteOrder.precedes($0.key, key) }
    }

    fileprivate mutating func set(_ value: [UInt8]?, at key: [UInt8]) {
        let index = firstIndex(notBefore: key)
        if index < entries.count, entries[index].key == key {
            entries[index].value = value
        } else {
            entries.insert((key, value), at: index)
        }
    }

    fileprivate mutating func delete(_ range: KeyRange) {
        guard let upper = range.upper, ByteOrder.precedes(range.lower, upper) else { return }
        entries.removeSubrange(firstIndex(notBefore: range.lower)..<firstIndex(notBefore: upper))
        // Those that end before the range begins stay as they are, and so do those that begin after it ends.
        let first = deletedRanges.partitioningIndex { $0.upper.map { !ByteOrder.precedes($0, range.lower) } ?? true }
        let end = deletedRanges.partitioningIndex { ByteOrder.precedes(upper, $0.lower) }
        var merged = range
        for other in deletedRanges[first..<end] { merged.unite(with: other) }
        deletedRanges.replaceSubrange(first..<end, with: CollectionOfOne(merged))
    }
}

extension KeyRange {
    /// Takes in another range that overlaps or touches this one.
    fileprivate mutating func unite(with other: KeyRange) {
        if ByteOrder.precedes(other.lower, lower) { lower = other.lower }
        if let end = upper, other.upper.map({ ByteOrder.precedes(end, $0) }) ?? true { upper = other.upper }
    }
}

extension Array {
    /// The index of the first element from which on all are in the second part, where the array's elements stand in two parts.
    fileprivate func partitioningIndex(_ isInSecondPart: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isInSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// A walk through a range as a commit sees it: the base's entries and the overlay's, as they were when the walk began.
final class OverlayCursor: RawCursor {
    private let base: any RawCursor
    private let overlay: MapOverlay
    private let direction: Direction
    private var remaining: Range<Int>
    private var baseEntry: (key: [UInt8], value: [UInt8])?

    init(base: any RawCursor, overlay: MapOverlay, range: KeyRange, direction: Direction) throws {
        self.base = base
        self.overlay = overlay
        self.direction = direction
        let start = overlay.firstIndex(notBefore: range.lower)
        let end = range.upper.map { overlay.firstIndex(notBefore: $0) } ?? overlay.entries.count
        remaining = start..<max(start, end)
        try advanceBase()
    }

    func next() throws -> (key: [UInt8], value: [UInt8])? {
        while true {
            guard let written = nextWritten else {
                guard let entry = baseEntry else { return nil }
                try advanceBase()
                return entry
            }
            if let entry = baseEntry {
                let order = ByteOrder.compare(entry.key, written.key)
                if direction == .forward ? order < 0 : order > 0 {
                    try advanceBase()
                    return entry
                }
            }
            remaining = direction == .forward ? remaining.dropFirst() : remaining.dropLast()
            if let value = written.value { return (written.key, value) }
        }
    }

    private var nextWritten: (key: [UInt8], value: [UInt8]?)? {
        guard let index = direction == .forward ? remaining.first : remaining.last else { return nil }
        return overlay.entries[index]
    }

    /// Moves to the base's next entry that the overlay has not touched.
    private func advanceBase() throws {
        repeat { baseEntry = try base.next() } while baseEntry.map { overlay.knowledge(of: $0.key) != .untouched } ?? false
    }
}
