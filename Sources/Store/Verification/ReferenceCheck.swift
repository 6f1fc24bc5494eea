/// Looks whether entries are there that others speak of.
///
///     try check.each(AccountsMaps.tokenToOwner, has: AccountsMaps.deviceToToken, at: { TupleKey($1.user, $1.device) }) { $0 == $2 }
///
/// Entries that can't be read or decoded are passed over: they are findings already.
package struct ReferenceCheck {
    /// The database that is looked at.
    package let reader: any Reader
    private let database: String
    /// What was found so far.
    package private(set) var result: VerificationResult
    /// The position up to which the log of positions has been trimmed.
    package private(set) var logFloor = Position(0)

    /// How many entries are looked up at a time.
    private static let batchSize = 512

    init(of database: ReadOnlyDatabase, result: VerificationResult) {
        reader = database
        self.database = database.schema.name
        self.result = result
    }

    /// The name of the server whose data this is; nil for a database that doesn't say.
    package func serverName() throws -> String? {
        try reader.get(CommonMaps.global, GlobalKey.serverName).map { try String(encoded: $0) }
    }

    /// Runs a part of the check; when a read fails in it, that is a finding, and the other parts go on.
    package mutating func run(_ part: (inout ReferenceCheck) throws -> Void) {
        do {
            try part(&self)
        } catch {
            result.add(Finding(database: database, map: nil, problem: "not all references could be checked: \(error)"))
        }
    }

    /// Notes that something is wrong with an entry.
    package mutating func note<Key, Value>(_ column: Column<Key, Value>, _ key: Key, _ problem: String) {
        result.add(
            Finding(database: database, map: column.map.name, key: try? column.map.entries.readableKey(key.encoded), problem: problem))
    }

    /// Gives the entries of a column to `body`, in the order of their keys, some at a time.
    package mutating func walk<Key, Value>(
        _ column: Column<Key, Value>, _ range: KeyRange = .all,
        _ body: (inout ReferenceCheck, [(key: Key, value: Value)]) throws -> Void
    ) throws {
        let cursor = try reader.cursor(through: range, of: column.map, .forward)
        var batch: [(key: Key, value: Value)] = []
        while let entry = try? cursor.next() {
            guard let key = try? Key(encoded: entry.key), let value = try? Value(encoded: entry.value) else { continue }
            batch.append((key, value))
            if batch.count == Self.batchSize {
                try body(&self, batch)
                batch.removeAll(keepingCapacity: true)
            }
        }
        if !batch.isEmpty { try body(&self, batch) }
    }

    /// Looks whether for each entry of a column there is one in another.
    ///
    /// - Parameters:
    ///   - key: where the other entry has to be; nil where this one needs none.
    ///   - fits: whether the two agree with each other: the entry's key and value, and the other one's value.
    package mutating func each<Key, Value, OtherKey, OtherValue>(
        _ column: Column<Key, Value>, has other: Column<OtherKey, OtherValue>, at key: (Key, Value) throws -> OtherKey?,
        where fits: (Key, Value, OtherValue) -> Bool = { _, _, _ in true }
    ) throws {
        try each(column, hasAll: other, at: { try key($0, $1).map { [$0] } ?? [] }, where: fits)
    }

    /// Looks whether for each entry of a column all those of another are there that it speaks of.
    package mutating func each<Key, Value, OtherKey, OtherValue>(
        _ column: Column<Key, Value>, hasAll other: Column<OtherKey, OtherValue>, at keys: (Key, Value) throws -> [OtherKey],
        where fits: (Key, Value, OtherValue) -> Bool = { _, _, _ in true }
    ) throws {
        try walk(column) { check, entries in
            let wanted = try entries.flatMap { entry in try keys(entry.key, entry.value).map { (entry, $0) } }
            let found = try check.values(of: other, at: wanted.map(\.1))
            for ((entry, place), value) in zip(wanted, found) {
                switch value {
                case .missing:
                    check.note(column, entry.key, "has no entry in \(other.map.name) at \(Self.text(place, of: other))")
                case .undecodable: break
                case .value(let value) where !fits(entry.key, entry.value, value):
                    check.note(column, entry.key, "doesn't agree with \(other.map.name) at \(Self.text(place, of: other))")
                case .value: break
                }
            }
        }
    }

    /// Looks whether for each entry of a column there is one in another at the same key.
    package mutating func each<Key, Value, OtherValue>(
        _ column: Column<Key, Value>, has other: Column<Key, OtherValue>, where fits: (Key, Value, OtherValue) -> Bool = { _, _, _ in true }
    ) throws {
        try each(column, has: other, at: { key, _ in key }, where: fits)
    }

    private enum Found<Value> {
        case missing
        /// It is there, and a finding of its own.
        case undecodable
        case value(Value)
    }

    private func values<Key, Value>(of column: Column<Key, Value>, at keys: [Key]) throws -> [Found<Value>] {
        let encoded = keys.map(\.encoded)
        let sorted = Set(encoded).sorted { ByteOrder.precedes($0, $1) }
        let values = Dictionary(zip(sorted, try reader.bytes(atSorted: sorted, in: column.map))) { first, _ in first }
        return encoded.map { key in
            guard let bytes = values[key] ?? nil else { return .missing }
            return (try? Value(encoded: bytes)).map { .value($0) } ?? .undecodable
        }
    }

    private static func text<Key, Value>(_ key: Key, of column: Column<Key, Value>) -> String {
        (try? column.map.entries.readableKey(key.encoded)).map { "\($0.line)" } ?? "\(key)"
    }
}

/// What every database keeps of its positions.
extension ReferenceCheck {
    /// Looks whether positions are below what is reserved, and whether the newest one of each scope is in the log.
    mutating func positions() {
        run { check in
            let reserved = try check.reader.get(CommonMaps.global, GlobalKey.positionReserved).map { try Position(encoded: $0) }
            let floor = try check.reader.get(CommonMaps.global, GlobalKey.logFloor).map { try Position(encoded: $0) } ?? Position(0)
            check.logFloor = floor
            if let newest = try check.reader.first(CommonMaps.positionChange, .all, .backward)?.key {
                check.result.position = newest
                if let reserved, newest > reserved {
                    check.note(CommonMaps.positionChange, newest, "is above the last reserved position, \(reserved)")
                }
            }
            try check.each(
                CommonMaps.scopePosition, has: CommonMaps.positionChange, at: { _, position in position > floor ? position : nil },
                where: { scope, _, change in change.scope == scope })
            try check.walk(CommonMaps.positionChange) { check, entries in
                let scopes = entries.map(\.value.scope)
                for (entry, newest) in zip(entries, try check.reader.get(CommonMaps.scopePosition, all: scopes))
                where newest.map({ $0 < entry.key }) ?? true {
                    check.note(
                        CommonMaps.positionChange, entry.key, "is newer than what \(CommonMaps.scopePosition.map.name) has of its scope")
                }
            }
        }
    }
}
