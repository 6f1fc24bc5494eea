import Store

/// What a commit is going to do.
struct CommitPlan: Sendable {
    enum Operation: Sendable {
        case put(group: UInt8, item: UInt8, value: UInt64)
        case delete(group: UInt8, item: UInt8)
        case deleteRange(group: UInt8, items: Range<UInt8>)
        case stamp(group: UInt8)
        case makeShortID
        case walk(group: UInt8, Direction)
    }

    enum Ending: Sendable {
        case written
        /// The body throws.
        case refused
        /// More is written than a commit may hold.
        case tooLarge
        /// Nothing is written.
        case onlyRead
    }

    /// The body's refusal; it has seen the commit of that number.
    struct Refusal: Error {
        let seen: UInt64
    }

    /// The body runs after the crash.
    struct TooLate: Error {}

    /// What a commit has made: its number and which attempt it was; for one that only read, the number that it has seen.
    struct Made: Sendable {
        let number: UInt64
        let attempt: UInt64?
    }

    let operations: [Operation]
    /// How many short IDs are made that are kept nowhere, so that the block of reserved ones comes to its end.
    let wastedShortIDs: Int
    let ending: Ending
    let durability: Durability

    init(_ dice: Dice) {
        operations = (0..<dice.int(in: 1..<7)).map { _ in Self.operation(dice) }
        wastedShortIDs = dice.one(in: 5) ? 3500 : 0
        switch dice.int(in: 0..<40) {
        case 0..<3: ending = .refused
        case 3: ending = .tooLarge
        case 4..<6: ending = .onlyRead
        default: ending = .written
        }
        durability = dice.one(in: 4) ? .relaxed : .synced
    }

    private static func operation(_ dice: Dice) -> Operation {
        let group = dice.number(in: SimulationMaps.groups)
        let item = dice.number(in: SimulationMaps.items)
        switch dice.int(in: 0..<40) {
        case 0..<16: return .put(group: group, item: item, value: dice.number(in: 0..<50))
        case 16..<20: return .delete(group: group, item: item)
        case 20..<24: return .deleteRange(group: group, items: item..<min(item + dice.number(in: 1..<8), SimulationMaps.items.upperBound))
        case 24..<32: return .stamp(group: group)
        case 32..<35: return .makeShortID
        default: return .walk(group: group, dice.one(in: 2) ? .forward : .backward)
        }
    }

    /// Runs in the commit, and compares what it reads with the model.
    func run(in commit: Commit, model: DatabaseModel, causes: [UInt64], mayLose: Bool) throws -> Made {
        let last = try commit.get(SimulationMaps.lastNumber, SimulationMaps.lastNumberKey) ?? 0
        guard var version = try model.begin(on: last, mayLose: mayLose) else { throw TooLate() }
        if ending == .onlyRead { return Made(number: last, attempt: nil) }
        version.number += 1
        version.causes = causes
        var writing = PlannedWrites(commit: commit, version: version, name: model.name)
        for operation in operations { try writing.apply(operation) }
        for _ in 0..<wastedShortIDs { _ = commit.makeShortID(CommitShortID.self) }
        switch ending {
        case .refused: throw Refusal(seen: last)
        case .tooLarge:
            for number in 0...UInt64(Commit.writesMax) { commit.put(SimulationMaps.counts, UInt8(truncatingIfNeeded: number), number) }
            return Made(number: last, attempt: nil)
        case .written, .onlyRead: break
        }
        commit.put(SimulationMaps.lastNumber, SimulationMaps.lastNumberKey, version.number)
        let attempt = try model.append(writing.version, stamped: writing.stamps, shortIDs: writing.shortIDs)
        return Made(number: version.number, attempt: attempt)
    }
}

/// The writes of a commit, applied to it and to the model's version side by side.
private struct PlannedWrites {
    let commit: Commit
    var version: ModelVersion
    let name: String
    var stamps: [ModelStamp] = []
    var shortIDs: [UInt64] = []

    init(commit: Commit, version: ModelVersion, name: String) {
        self.commit = commit
        self.version = version
        self.name = name
    }

    mutating func apply(_ operation: CommitPlan.Operation) throws {
        switch operation {
        case .put(let group, let item, let value):
            try set(value, group, item)
        case .delete(let group, let item):
            try set(nil, group, item)
        case .deleteRange(let group, let items):
            try delete(group, items)
        case .stamp(let group):
            let number = version.number
            let position = commit.stamp(kind: 1, scope: SimulationMaps.scopes[Int(group)]) { _ in number.encoded }
            stamps.append(ModelStamp(position: position, group: group, number: number))
        case .makeShortID:
            let id = commit.makeShortID(CommitShortID.self)
            guard try !commit.contains(SimulationMaps.shortIDs, id) else { throw Violation("\(name): short ID \(id.number) is used") }
            commit.put(SimulationMaps.shortIDs, id, version.number)
            shortIDs.append(id.number)
        case .walk(let group, let direction):
            _ = try entries(of: group, SimulationMaps.items, direction)
        }
    }

    private mutating func set(_ value: UInt64?, _ group: UInt8, _ item: UInt8) throws {
        let key = SimulationMaps.EntryKey(group, item)
        let old = try commit.get(SimulationMaps.entries, key)
        guard old == version.entries[ModelVersion.key(group, item)] else {
            throw Violation("\(name): commit \(version.number) reads a wrong value of \(group).\(item)")
        }
        if let old { commit.delete(SimulationMaps.valueIndex, .init(old, group, item)) }
        if let value {
            commit.put(SimulationMaps.entries, key, value)
            commit.put(SimulationMaps.valueIndex, .init(value, group, item), Empty())
        } else {
            commit.delete(SimulationMaps.entries, key)
        }
        try count(group, (value == nil ? 0 : 1) - (old == nil ? 0 : 1))
        version.entries[ModelVersion.key(group, item)] = value
    }

    private mutating func delete(_ group: UInt8, _ items: Range<UInt8>) throws {
        let deleted = try entries(of: group, items, .forward)
        for (item, value) in deleted {
            commit.delete(SimulationMaps.valueIndex, .init(value, group, item))
            version.entries[ModelVersion.key(group, item)] = nil
        }
        commit.delete(SimulationMaps.entries, range(group, items))
        try count(group, -deleted.count)
    }

    private func entries(of group: UInt8, _ items: Range<UInt8>, _ direction: Direction) throws -> [(item: UInt8, value: UInt64)] {
        var domain = try commit.domain(SimulationMaps.entries, range(group, items), direction)
        let found = try domain.collect().map { (item: $0.key.parts.1, value: $0.value) }
        let expected = version.entries(of: group, items)
        guard found.elementsEqual(direction == .forward ? expected : expected.reversed(), by: { $0 == $1 }) else {
            throw Violation("\(name): commit \(version.number) walks wrongly through group \(group), \(items)")
        }
        return found
    }

    private func count(_ group: UInt8, _ difference: Int) throws {
        let count = Int(try commit.get(SimulationMaps.counts, group) ?? 0) + difference
        guard count >= 0 else { throw Violation("\(name): commit \(version.number) counts \(count) entries of group \(group)") }
        commit.put(SimulationMaps.counts, group, UInt64(count))
    }

    private func range(_ group: UInt8, _ items: Range<UInt8>) -> KeyRange {
        KeyRange(
            lower: SimulationMaps.EntryKey(group, items.lowerBound).encoded, upper: SimulationMaps.EntryKey(group, items.upperBound).encoded
        )
    }
}
