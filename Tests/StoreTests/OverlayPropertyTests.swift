import Store
import StoreTestSupport
import TestSupport
import Testing

/// A commit, over a base with content, sees and leaves behind what a sorted dictionary would.
@Suite struct OverlayPropertyTests {
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func agreesWithAModel(seed: UInt64) async throws {
        let store = try TestStore()
        var model = Model()
        for session in 0..<4 as Range<UInt64> {
            model = try await store.session { [model] database in
                try model.expectEqual(database.snapshot())
                return try await Self.work(on: database, model, seed: seed << 32 | session << 16)
            }
        }
    }

    /// Works on the database with several commits, every fourth of which is refused, and returns what it should then hold.
    private static func work(on database: Database, _ before: Model, seed: UInt64) async throws -> Model {
        var model = before
        for round in 0..<8 as Range<UInt64> {
            do {
                model = try await database.commit { [model] commit in
                    var work = RandomWork(seed: seed | round, model: model)
                    for _ in 0..<150 { try work.step(commit) }
                    if round % 4 == 3 { throw Refused() }
                    return work.model
                }
            } catch is Refused {}
            try model.expectEqual(database.snapshot())
        }
        return model
    }

    @Test func aWalkShowsTheStateAtItsBeginning() async throws {
        let store = try TestStore()
        let database = try store.open()
        try await database.commit { commit in
            for number in 0..<10 as Range<UInt64> { commit.put(TestMaps.numbers, number, number) }
        }
        let seen = try await database.commit { commit in
            commit.put(TestMaps.numbers, 3, 33)
            commit.delete(TestMaps.numbers, 4)
            var seen: [UInt64] = []
            var walk = try commit.domain(TestMaps.numbers, .all)
            while let (key, value) = try walk.next() {
                seen.append(value)
                commit.put(TestMaps.numbers, key + 100, value)
                commit.delete(TestMaps.numbers, .prefix((key + 1).encoded))
            }
            return seen
        }
        #expect(seen == [0, 1, 2, 33, 5, 6, 7, 8, 9])
        var left = try database.snapshot().domain(TestMaps.numbers, .all)
        #expect(try left.collect().map(\.key) == [0, 5, 100, 101, 102, 103, 105, 106, 107, 108, 109])
        database.close()
    }

    private struct Refused: Error {}
}

/// What the database should hold: the column `bytes` and, so that maps are seen to be apart, the column `texts`.
struct Model: Sendable {
    var bytes: [[UInt8]: [UInt8]] = [:]
    var texts: [String: String] = [:]

    func expectEqual(_ snapshot: PublishedSnapshot) throws {
        #expect(try Self.entries(snapshot, .all, .forward) == sorted(.all, .forward))
        #expect(try Self.entries(snapshot, .all, .backward) == sorted(.all, .backward))
        var walk = try snapshot.domain(TestMaps.texts, .all)
        #expect(try Dictionary(uniqueKeysWithValues: walk.collect().map { ($0.key, $0.value) }) == texts)
    }

    /// The model's entries of a range of `bytes`, each as one byte string for easy comparison.
    func sorted(_ range: KeyRange, _ direction: Direction) -> [Entry] {
        let inside = bytes.filter { entry in
            !entry.key.lexicographicallyPrecedes(range.lower) && range.upper.map { entry.key.lexicographicallyPrecedes($0) } ?? true
        }
        let ascending = inside.map { Entry(key: $0.key, value: $0.value) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return direction == .forward ? ascending : ascending.reversed()
    }

    static func entries(_ reader: some Reader, _ range: KeyRange, _ direction: Direction, limit: Int = .max) throws -> [Entry] {
        var walk = try reader.domain(TestMaps.bytes, range, direction)
        return try walk.collect(limit: limit).map { Entry(key: $0.key, value: $0.value) }
    }

    struct Entry: Equatable {
        let key: [UInt8]
        let value: [UInt8]
    }
}

/// Random operations on a commit, each done on the model too, each answer compared with the model's.
private struct RandomWork {
    private var generator: SplitMix64
    private(set) var model: Model

    init(seed: UInt64, model: Model) {
        generator = SplitMix64(seed: seed)
        self.model = model
    }

    mutating func step(_ commit: Commit) throws {
        switch number(below: 16) {
        case 0..<5:
            let key = key()
            let value = (0..<number(below: 4)).map { _ in UInt8(number(below: 256)) }
            commit.put(TestMaps.bytes, key, value)
            model.bytes[key] = value
        case 5..<7:
            let key = key()
            commit.delete(TestMaps.bytes, key)
            model.bytes[key] = nil
        case 7:
            let range = range(hasEnd: true)
            commit.delete(TestMaps.bytes, range)
            for entry in model.sorted(range, .forward) { model.bytes[entry.key] = nil }
        case 8..<10:
            let key = key()
            #expect(try commit.get(TestMaps.bytes, key) == model.bytes[key])
            #expect(try commit.contains(TestMaps.bytes, key) == (model.bytes[key] != nil))
        case 10..<12:
            let keys = (0..<number(below: 60)).map { _ in key() }
            #expect(try commit.get(TestMaps.bytes, all: keys) == keys.map { model.bytes[$0] })
        case 12..<15:
            let range = range(hasEnd: number(below: 4) > 0)
            let direction = number(below: 2) == 0 ? Direction.forward : .backward
            let limit = number(below: 3) == 0 ? number(below: 5) : .max
            let expected = Array(model.sorted(range, direction).prefix(limit))
            #expect(try Model.entries(commit, range, direction, limit: limit) == expected, "\(range) \(direction)")
        default:
            let key = String(number(below: 40))
            if number(below: 3) == 0 {
                commit.delete(TestMaps.texts, key)
                model.texts[key] = nil
            } else {
                commit.put(TestMaps.texts, key, "\(key) text")
                model.texts[key] = "\(key) text"
            }
        }
    }

    /// Few different bytes, so that keys meet again, and are prefixes of each other; the edges of a byte's range among them.
    private mutating func key() -> [UInt8] {
        (0..<number(below: 4)).map { _ in [0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF][number(below: 6)] }
    }

    /// Any range: empty ones, and ones whose end is below their beginning, among them.
    private mutating func range(hasEnd: Bool) -> KeyRange {
        if hasEnd, number(below: 4) == 0 {
            // A prefix of nothing but 0xFF has no end.
            return .prefix([0x00, 0x01, 0x7F, 0x80, 0xFE].shuffled(using: &generator).prefix(1 + number(below: 2)) + [])
        }
        return KeyRange(lower: key(), upper: hasEnd ? key() : nil)
    }

    private mutating func number(below end: Int) -> Int {
        Int.random(in: 0..<end, using: &generator)
    }
}
