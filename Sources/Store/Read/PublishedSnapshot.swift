import RocksDB

/// A state of a database that is on the disk, and the position up to which it goes.
///
/// `@unchecked Sendable`: nothing in it ever changes; `opened` is a variable only because it can't be asked otherwise whether somebody else
/// holds it, which is asked only when nobody else holds the snapshot.
package final class PublishedSnapshot: Reader, @unchecked Sendable {
    /// The newest position that is inside.
    package let position: Position
    private let content: Result<RocksDB.Snapshot, StoreError>
    /// Nil when the state can't be read. It stands last because properties are let go in their order: when the snapshot is gone.
    private var opened: OpenInstance?

    init(position: Position, of opened: OpenInstance) {
        self.position = position
        content = .success(opened.instance.makeSnapshot())
        self.opened = opened
    }

    /// Stands for the state of a database that could not be opened again: every read throws `error`.
    init(position: Position, unreadable error: StoreError) {
        self.position = position
        content = .failure(error)
    }

    /// Whether `snapshot` is held by nobody else, and its instance by nobody but it.
    static func isUnread(_ snapshot: inout PublishedSnapshot) -> Bool {
        snapshot.opened == nil || isKnownUniquelyReferenced(&snapshot) && isKnownUniquelyReferenced(&snapshot.opened)
    }

    package func bytes(at key: [UInt8], in map: MapDescriptor) throws -> [UInt8]? {
        let (opened, snapshot) = try readable()
        return try opened.instance.get(key, in: opened.families[map], snapshot: snapshot)
    }

    package func bytes(atSorted keys: [[UInt8]], in map: MapDescriptor) throws -> [[UInt8]?] {
        let (opened, snapshot) = try readable()
        return try opened.instance.multiGet(keys, in: opened.families[map], snapshot: snapshot, sorted: true)
    }

    package func cursor(through range: KeyRange, of map: MapDescriptor, _ direction: Direction) throws -> any RawCursor {
        let (opened, snapshot) = try readable()
        return InstanceCursor(opened, map, snapshot: snapshot, range: range, direction: direction)
    }

    /// A walk that leaves the block cache to what is read more often.
    func passingCursor(through range: KeyRange, of map: MapDescriptor, _ direction: Direction) throws -> any RawCursor {
        let (opened, snapshot) = try readable()
        return InstanceCursor(opened, map, snapshot: snapshot, range: range, direction: direction, fillsCache: false)
    }

    /// How large a map is, and how it is doing.
    func statistics(of map: MapDescriptor) throws(StoreError) -> MapStatistics {
        MapStatistics(of: map, in: try readable().0)
    }

    private func readable() throws(StoreError) -> (OpenInstance, RocksDB.Snapshot) {
        let snapshot = try content.get()
        guard let opened else { preconditionFailure("a snapshot belongs to an instance") }
        return (opened, snapshot)
    }

    /// What happened after `position`, in order, at most `limit` entries; nil when the log has been trimmed beyond it, so that only the
    /// scopes' newest positions tell what changed.
    package func changes(after position: Position, limit: Int) throws -> [LogEntry]? {
        guard position < self.position else { return [] }
        guard try position >= logFloor() else { return nil }
        // The key's successor, not the position's: the last of all positions, which a stranger's token may carry, has none.
        var log = try domain(CommonMaps.positionChange, .all.from(position.encoded + [0x00]))
        return try log.collect(limit: limit).map { LogEntry(position: $0.key, change: $0.value) }
    }

    /// The position up to which the log has been trimmed.
    package func logFloor() throws -> Position {
        try get(CommonMaps.global, GlobalKey.logFloor).map { try Position(encoded: $0) } ?? .zero
    }

    /// The scopes that something was stamped for after `position`, in their own order from `first` on, at most `limit`. It reads all scopes.
    package func scopes(newerThan position: Position, from first: Scope? = nil, limit: Int = .max) throws -> [Scope] {
        var scopes = try domain(CommonMaps.scopePosition, first.map { .all.from($0.encoded) } ?? .all)
        var newer: [Scope] = []
        while newer.count < limit, let (scope, newest) = try scopes.next() {
            if newest > position { newer.append(scope) }
        }
        return newer
    }

    /// The scopes that something was stamped for after `position`, in no order, from memory; there may be some that are newer than this state. nil
    /// when nobody remembers, or they are more than `limit`.
    package func recentScopes(after position: Position, limit: Int) -> Set<Scope>? {
        opened?.recentScopes.scopes(after: position, limit: limit)
    }

    /// The newest position of each scope; nil for those that nothing was ever stamped for.
    package func positions(of scopes: [Scope]) throws -> [Position?] {
        try get(CommonMaps.scopePosition, all: scopes)
    }
}
