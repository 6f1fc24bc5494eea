import RocksDB

/// How long a commit's answer waits.
package enum Durability: Sendable {
    /// Until the commit is on the disk.
    case synced
    /// Not at all: it is on the disk within moments, and lost if the machine fails before. For what is stale by then anyway.
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

    private let instance: Instance
    private let families: ColumnFamilies
    private(set) var overlay = Overlay()
    private(set) var changedScopes: Set<Scope> = []
    private(set) var publicationActions: [@Sendable () -> Void] = []
    private(set) var shortIDs: ShortIDCounter

    init(instance: Instance, families: ColumnFamilies, time: Int64, position: Position, shortIDs: ShortIDCounter) {
        self.instance = instance
        self.families = families
        self.time = time
        self.position = position
        self.shortIDs = shortIDs
    }

    /// Sets the value at `key`.
    package func put<Key, Value>(_ column: Column<Key, Value>, _ key: Key, _ value: Value) {
        overlay.set(value.encoded, at: key.encoded, in: column.map)
    }

    /// Deletes the value at `key`, if there is one.
    package func delete<Key, Value>(_ column: Column<Key, Value>, _ key: Key) {
        overlay.set(nil, at: key.encoded, in: column.map)
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

    /// A number that this database has never given out.
    package func makeShortID<ID: ShortID>(_ type: ID.Type = ID.self) -> ID {
        let (number, reservation) = shortIDs.next()
        if let reservation { put(CommonMaps.global, GlobalKey.shortIDReserved, reservation.encoded) }
        return ID(number: number)
    }

    /// Has `action` run once the commit is published, before those who wait for it are woken. It must be quick.
    package func onPublication(_ action: @escaping @Sendable () -> Void) {
        publicationActions.append(action)
    }

    package func bytes(at key: [UInt8], in map: MapDescriptor) throws -> [UInt8]? {
        switch overlay[map]?.knowledge(of: key) {
        case .written(let value): value
        case .deleted: nil
        case .untouched, nil: try instance.get(key, in: families[map], snapshot: nil)
        }
    }

    package func bytes(atSorted keys: [[UInt8]], in map: MapDescriptor) throws -> [[UInt8]?] {
        var values = try instance.multiGet(keys, in: families[map], snapshot: nil, sorted: true)
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
        let base = InstanceCursor(instance: instance, family: families[map], snapshot: nil, range: range, direction: direction)
        guard let written = overlay[map] else { return base }
        return try OverlayCursor(base: base, overlay: written, range: range, direction: direction)
    }
}

/// Gives out short IDs from blocks that are reserved in the commit that first needs them.
struct ShortIDCounter {
    private static let blockSize: UInt64 = 4096
    private var last: UInt64
    private var reserved: UInt64

    /// Goes on above what was ever reserved.
    init(reserved: UInt64) {
        last = reserved
        self.reserved = reserved
    }

    /// The next number, and the block's new end when it has to be written down with it.
    mutating func next() -> (number: UInt64, reservation: UInt64?) {
        last += 1
        guard last > reserved else { return (last, nil) }
        reserved += Self.blockSize
        return (last, reserved)
    }
}
