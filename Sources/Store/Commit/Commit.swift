import RocksDB

/// How long a commit's answer waits.
package enum Durability: Sendable {
    /// Until the commit is on the disk.
    case synced
    /// Not at all: it is on the disk within moments, and lost if the process or the machine fails before. For what is stale by then anyway.
    case relaxed
}

/// A commit that is under way: it sees the database's newest state with its own writes, and nobody else's come between.
///
/// A commit lives inside the closure that it was handed to, on the writer's thread. It never waits for anything.
package final class Commit: Reader {
    /// The most writes that one commit may hold.
    package static let writesMax = 4000
    /// The most bytes of keys and values that one commit may hold.
    package static let bytesMax = 1 << 20

    /// Wall-clock time at the commit's start, in milliseconds.
    package let time: Int64
    /// The last position that was given out: the commit's own, once it has stamped something.
    package private(set) var position: Position

    private let opened: OpenInstance
    private(set) var overlay = Overlay()
    private var isCounting = true
    private(set) var changedScopes: Set<Scope> = []
    private(set) var publicationActions: [@Sendable () -> Void] = []
    /// The last short ID that was given out.
    package private(set) var lastShortID: UInt64

    init(_ opened: OpenInstance, time: Int64, position: Position, lastShortID: UInt64) {
        self.opened = opened
        self.time = time
        self.position = position
        self.lastShortID = lastShortID
    }

    /// Sets the value at `key`.
    package func put<Key, Value>(_ column: Column<Key, Value>, _ key: Key, _ value: Value) {
        overlay.set(value.encoded, at: key.encoded, in: column.map, isCounted: isCounting)
    }

    /// Sets the value at `key` without counting it towards what a commit may hold: for what is so seldom written anew that each commit's
    /// share of it is small.
    package func putUncounted<Key, Value>(_ column: Column<Key, Value>, _ key: Key, _ value: Value) {
        overlay.set(value.encoded, at: key.encoded, in: column.map, isCounted: false)
    }

    /// Has nothing that `body` puts or deletes at a key count towards what a commit may hold: for what is so seldom much that it may be
    /// one commit.
    package func uncounted<Result>(_ body: () throws -> Result) rethrows -> Result {
        isCounting = false
        defer { isCounting = true }
        return try body()
    }

    /// Whether half of what a commit may hold is written: then bulk work goes on in another one.
    package var isHalfFull: Bool { overlay.writeCount > Self.writesMax / 2 || overlay.byteCount > Self.bytesMax / 2 }

    /// Deletes the value at `key`, if there is one.
    package func delete<Key, Value>(_ column: Column<Key, Value>, _ key: Key) {
        overlay.set(nil, at: key.encoded, in: column.map, isCounted: isCounting)
    }

    /// Deletes every entry of a range that has an end.
    package func delete<Key, Value>(_ column: Column<Key, Value>, _ range: KeyRange) {
        precondition(range.upper != nil, "a range deletion needs an end")
        overlay.delete(range, in: column.map)
    }

    /// Gives an entry the next position and writes it to the log of positions.
    ///
    /// - Parameter key: where the entry is found, given its position.
    @discardableResult
    package func stamp(kind: UInt8, scope: Scope, key: (Position) -> [UInt8]) -> Position {
        position = position.next
        put(CommonMaps.positionChange, position, Change(kind: kind, scope: scope, key: key(position)))
        put(CommonMaps.scopePosition, scope, position)
        changedScopes.insert(scope)
        return position
    }

    /// Leaves positions out before the next one that is given out, at most `writesMax` in a commit.
    package func skipPositions(_ count: Int64) {
        position = Position(position.value + count)
    }

    /// A number that no commit of this database has been answered with. A commit may make as many as it may write.
    package func makeShortID<ID: ShortID>(_ type: ID.Type = ID.self) -> ID {
        lastShortID += 1
        return ID(number: lastShortID)
    }

    /// Has `action` run once the commit is published, before those who wait for it are woken. It must be quick.
    package func onPublication(_ action: @escaping @Sendable () -> Void) {
        publicationActions.append(action)
    }

    package func bytes(at key: [UInt8], in map: MapDescriptor) throws -> [UInt8]? {
        switch overlay[map]?.knowledge(of: key) {
        case .written(let value): value
        case .deleted: nil
        case .untouched, nil: try opened.instance.get(key, in: opened.families[map], snapshot: nil)
        }
    }

    package func bytes(atSorted keys: [[UInt8]], in map: MapDescriptor) throws -> [[UInt8]?] {
        var values = try opened.instance.multiGet(keys, in: opened.families[map], snapshot: nil, sorted: true)
        guard let written = overlay[map] else { return values }
        for (index, key) in keys.enumerated() {
            switch written.knowledge(of: key) {
            case .written(let value): values[index] = value
            case .deleted: values[index] = nil
            case .untouched: break
            }
        }
        return values
    }

    package func cursor(through range: KeyRange, of map: MapDescriptor, _ direction: Direction) throws -> any RawCursor {
        let base = InstanceCursor(opened, map, snapshot: nil, range: range, direction: direction)
        guard let written = overlay[map] else { return base }
        return try OverlayCursor(base: base, overlay: written, range: range, direction: direction)
    }
}
