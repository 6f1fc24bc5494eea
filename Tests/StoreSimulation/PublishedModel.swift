import Store

/// What a published state must hold, and the comparisons with what it does hold.
struct PublishedModel: Sendable {
    let name: String
    let version: ModelVersion
    let stamps: [ModelStamp]
    let shortIDs: [(id: UInt64, number: UInt64)]

    /// Reads some of it, in one of the ways that there are.
    func checkSome(of snapshot: PublishedSnapshot, _ dice: Dice) throws {
        let group = dice.number(in: SimulationMaps.groups)
        switch dice.int(in: 0..<6) {
        case 0:
            let item = dice.number(in: SimulationMaps.items)
            let found = try snapshot.get(SimulationMaps.entries, .init(group, item))
            try expect(found == version.entries[ModelVersion.key(group, item)], "entry \(group).\(item)")
        case 1:
            let items = (0..<5).map { _ in dice.number(in: SimulationMaps.items) }
            let found = try snapshot.get(SimulationMaps.entries, all: items.map { .init(group, $0) })
            try expect(found == items.map { version.entries[ModelVersion.key(group, $0)] }, "entries \(group).\(items)")
        case 2, 3:
            try checkEntries(of: snapshot, group, dice.one(in: 2) ? .forward : .backward)
        case 4:
            try checkChanges(of: snapshot, skipping: dice.int(in: 0..<stamps.count + 1), limit: dice.int(in: 1..<20))
        default:
            try checkScopes(of: snapshot)
        }
    }

    /// Reads all of it.
    func checkAll(of snapshot: PublishedSnapshot) throws {
        for group in SimulationMaps.groups { try checkEntries(of: snapshot, group, .forward) }
        var entries = try snapshot.domain(SimulationMaps.entries, .all)
        try expect(try entries.collect().count == version.entries.count, "the number of entries")
        try checkDerived(of: snapshot)
        try checkChanges(of: snapshot, skipping: 0, limit: .max)
        try checkScopes(of: snapshot)
        var made = try snapshot.domain(SimulationMaps.shortIDs, .all)
        let found = try made.collect()
        try expect(found.map(\.key.number) == shortIDs.map(\.id) && found.map(\.value) == shortIDs.map(\.number), "short IDs")
    }

    private func checkEntries(of snapshot: PublishedSnapshot, _ group: UInt8, _ direction: Direction) throws {
        var domain = try snapshot.domain(SimulationMaps.entries, .fixed(group), direction)
        let found = try domain.collect().map { ($0.key.parts.1, $0.value) }
        let expected = version.entries(of: group, SimulationMaps.items)
        let ordered = direction == .forward ? expected : expected.reversed()
        try expect(found.elementsEqual(ordered) { $0 == $1 }, "group \(group) \(direction)")
    }

    private func checkDerived(of snapshot: PublishedSnapshot) throws {
        var index = try snapshot.domain(SimulationMaps.valueIndex, .all)
        let indexed = try index.collect().map { [$0.key.parts.0, UInt64(ModelVersion.key($0.key.parts.1, $0.key.parts.2))] }
        let expected = version.entries.map { [$0.value, UInt64($0.key)] }.sorted { $0.lexicographicallyPrecedes($1) }
        try expect(indexed == expected, "the index by value")
        for group in SimulationMaps.groups {
            let count = UInt64(version.entries(of: group, SimulationMaps.items).count)
            try expect(try snapshot.get(SimulationMaps.counts, group) ?? 0 == count, "the count of group \(group)")
        }
    }

    private func checkChanges(of snapshot: PublishedSnapshot, skipping count: Int, limit: Int) throws {
        let floor = try snapshot.logFloor()
        let start = count == 0 ? Position(0) : stamps[count - 1].position
        guard start >= floor else {
            try expect(try snapshot.changes(after: start, limit: limit) == nil, "the log below its floor \(floor)")
            return try checkChanges(of: snapshot, skipping: stamps.count { $0.position <= floor }, limit: limit, from: floor)
        }
        try checkChanges(of: snapshot, skipping: count, limit: limit, from: start)
    }

    private func checkChanges(of snapshot: PublishedSnapshot, skipping count: Int, limit: Int, from start: Position) throws {
        guard let found = try snapshot.changes(after: start, limit: limit) else { throw Violation("\(name): the log has been trimmed") }
        let expected = stamps.dropFirst(count).prefix(limit).map { LogEntry(position: $0.position, change: $0.change) }
        try expect(found == expected, "the log after \(start) (\(found.count) entries instead of \(expected.count))")
    }

    private func checkScopes(of snapshot: PublishedSnapshot) throws {
        let found = try snapshot.positions(of: SimulationMaps.scopes)
        let expected = SimulationMaps.groups.map { group in stamps.last { $0.group == group }?.position }
        try expect(found == expected, "the scopes' positions")
    }

    private func expect(_ isRight: Bool, _ what: String) throws {
        guard isRight else { throw Violation("\(name): \(what) at commit \(version.number) is wrong") }
    }
}

extension DatabaseModel {
    /// Each entry has been migrated exactly once to each version of the schema.
    func checkMigration(of snapshot: PublishedSnapshot) throws {
        var walk = try snapshot.domain(SimulationMaps.migrated, .all)
        let found = try walk.collect()
        guard found.isEmpty || found.map(\.key) == Array(SimulationMaps.migratedNumbers) else {
            throw Violation("\(name): the entries that were migrated are \(found.count)")
        }
        if let wrong = found.first(where: { $0.value != schemaVersion }) {
            throw Violation("\(name): entry \(wrong.key) was migrated to version \(wrong.value) instead of \(schemaVersion)")
        }
    }
}
