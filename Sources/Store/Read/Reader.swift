/// A state of a database that can be read: a published snapshot, or a commit with its own writes.
package protocol Reader {
    /// The value's bytes, or nil.
    func bytes(at key: [UInt8], in map: MapDescriptor) throws -> [UInt8]?
    /// The values' bytes, in the order of `keys`, which are sorted and each there once.
    func bytes(atSorted keys: [[UInt8]], in map: MapDescriptor) throws -> [[UInt8]?]
    /// A walk through a range of keys.
    func cursor(through range: KeyRange, of map: MapDescriptor, _ direction: Direction) throws -> any RawCursor
}

/// A walk through a range of keys. It holds resources of its database and must not outlive the work at hand.
package protocol RawCursor: AnyObject {
    /// The next entry, or nil at the range's end.
    func next() throws -> (key: [UInt8], value: [UInt8])?
}

extension Reader {
    /// The value at `key`, or nil.
    package func get<Key, Value>(_ column: Column<Key, Value>, _ key: Key) throws -> Value? {
        try bytes(at: key.encoded, in: column.map).map { try Value(encoded: $0) }
    }

    /// Whether there is a value at `key`.
    package func contains<Key, Value>(_ column: Column<Key, Value>, _ key: Key) throws -> Bool {
        try bytes(at: key.encoded, in: column.map) != nil
    }

    /// The values at many keys, in the keys' order, read as one sorted batch.
    package func get<Key, Value>(_ column: Column<Key, Value>, all keys: [Key]) throws -> [Value?] {
        guard keys.count > 1 else { return try keys.map { try get(column, $0) } }
        let encoded = keys.map(\.encoded)
        let order = encoded.indices.sorted { ByteOrder.precedes(encoded[$0], encoded[$1]) }
        var unique: [[UInt8]] = []
        var places = [Int](repeating: 0, count: keys.count)
        for index in order {
            if unique.last != encoded[index] { unique.append(encoded[index]) }
            places[index] = unique.count - 1
        }
        let values = try bytes(atSorted: unique, in: column.map).map { try $0.map { try Value(encoded: $0) } }
        return places.map { values[$0] }
    }

    /// One key across several columns.
    package func row<Key, each Value>(_ key: Key, _ column: repeat Column<Key, each Value>) throws -> (repeat (each Value)?) {
        let encoded = key.encoded
        func cell<Cell>(_ column: Column<Key, Cell>) throws -> Cell? {
            try bytes(at: encoded, in: column.map).map { try Cell(encoded: $0) }
        }
        return (repeat try cell(each column))
    }

    /// The entries of a part of a column, in the order of their keys or against it.
    package func domain<Key, Value>(_ column: Column<Key, Value>, _ range: KeyRange, _ direction: Direction = .forward) throws -> Domain<
        Key, Value
    > {
        Domain(cursor: try cursor(through: range, of: column.map, direction))
    }

    /// The first entry of a range (the last one, going backward), or nil.
    package func first<Key, Value>(_ column: Column<Key, Value>, _ range: KeyRange, _ direction: Direction = .forward) throws -> (
        key: Key, value: Value
    )? {
        var domain = try domain(column, range, direction)
        return try domain.next()
    }
}

/// A walk through a part of a column.
///
///     var members = try snapshot.domain(RoomsMaps.roomUserIDJoined, .tuples(room))
///     while let (key, value) = try members.next() { ... }
package struct Domain<Key: StoreCodable, Value: StoreCodable>: ~Copyable {
    private let cursor: any RawCursor

    init(cursor: any RawCursor) {
        self.cursor = cursor
    }

    /// The next entry, or nil at the end.
    package mutating func next() throws -> (key: Key, value: Value)? {
        guard let (key, value) = try cursor.next() else { return nil }
        return (try Key(encoded: key), try Value(encoded: value))
    }

    /// All entries that are left, at most `limit`.
    package mutating func collect(limit: Int = .max) throws -> [(key: Key, value: Value)] {
        var entries: [(key: Key, value: Value)] = []
        while entries.count < limit, let entry = try next() { entries.append(entry) }
        return entries
    }
}
