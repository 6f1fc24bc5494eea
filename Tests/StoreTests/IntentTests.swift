import Store
import StoreTestSupport
import Testing

/// Intents are carried out exactly once in each of their databases, whenever the process ends.
@Suite struct IntentTests {
    private let seeded = SeededEnvironment(seed: 1)
    private let stores: [TestStore]

    init() throws {
        let environment = seeded.environment
        stores = try (0..<3).map { _ in try TestStore(environment: environment) }
    }

    /// Adds one to the number that the payload names, in both of the other databases.
    private static func adding(_ databases: [Database]) -> IntentKind {
        let parts = databases.dropFirst().map { database in
            IntentKind.Part(in: database) { payload, commit in
                let key = UInt64(payload[0])
                commit.put(TestMaps.numbers, key, try (commit.get(TestMaps.numbers, key) ?? 0) + 1)
            }
        }
        return IntentKind("adding", Array(parts))
    }

    /// Decides on a number, which is kept in the owner too.
    private static func decide(_ number: UInt8, _ databases: [Database], _ intents: Intents) async throws {
        let id = try await databases[0].commit { commit in
            commit.put(TestMaps.numbers, UInt64(number), 1)
            return intents.begin("adding", [number], in: commit)
        }
        try await intents.wait(for: id)
    }

    /// Expects that everything that was decided is carried out once, and nothing is left of how that was done.
    private static func expectCarriedOut(_ databases: [Database]) throws {
        var decided = try databases[0].snapshot().domain(TestMaps.numbers, .all)
        let numbers = try decided.collect().map(\.key)
        for database in databases.dropFirst() {
            var walk = try database.snapshot().domain(TestMaps.numbers, .all)
            let found = try walk.collect()
            #expect(found.map(\.key) == numbers)
            #expect(found.allSatisfy { $0.value == 1 })
        }
        for database in databases {
            #expect(try database.snapshot().first(CommonMaps.intents, .all) == nil)
            #expect(try database.snapshot().first(CommonMaps.finishedIntents, .all) == nil)
        }
    }

    @Test func areCarriedOutOnceAcrossCrashes() throws {
        var states: Set<State> = []
        for seed in 1...6 as ClosedRange<UInt64> { try states.formUnion(Self.statesAtCrashes(seed: seed)) }
        // Nothing done yet; only begun; carried out in one, in both; no longer wanted; the marker gone in one.
        let points = [(false, 0), (true, 0), (true, 1), (true, 2), (false, 2), (false, 1)].map(State.init)
        #expect(states.isSuperset(of: points))
    }

    /// What a crash has left: the intent, and the number of databases with a marker.
    private struct State: Hashable {
        let hasIntent: Bool
        let markers: Int
    }

    /// Has two intents carried out, and again from each moment at which the process may have ended.
    private static func statesAtCrashes(seed: UInt64) throws -> Set<State> {
        let seeded = SeededEnvironment(seed: seed)
        let stores = try (0..<3).map { _ in try TestStore(environment: seeded.environment) }
        let databases = try stores.map { try $0.open() }
        let points = try CrashPoints.during(stores.map(\.path), on: seeded) {
            let intents = Intents(of: databases[0], kinds: [adding(databases)], environment: seeded.environment)
            try await intents.resume()
            for number in 1...2 as ClosedRange<UInt8> {
                try await decide(number, databases, intents)
                #expect(try databases[2].snapshot().get(TestMaps.numbers, UInt64(number)) == 1)
                try await seeded.clock.sleep(milliseconds: 100)
            }
            await intents.stop()
        }
        try expectCarriedOut(databases)
        for database in databases { database.close() }
        return try Set(
            points.enumerated().map { number, files in
                let paths = stores.map { $0.path(of: "\(number)") }
                for (files, path) in zip(files, paths) { try files.write(to: path) }
                let databases = try zip(stores, paths).map { try $0.open(at: $1) }
                defer { for database in databases { database.close() } }
                return try seeded.run {
                    let markers = try databases.filter { try $0.snapshot().first(CommonMaps.finishedIntents, .all) != nil }.count
                    let hasIntent = try databases[0].snapshot().first(CommonMaps.intents, .all) != nil
                    let intents = Intents(of: databases[0], kinds: [adding(databases)], environment: seeded.environment)
                    try await intents.resume()
                    try await seeded.clock.sleep(milliseconds: 100)
                    try expectCarriedOut(databases)
                    await intents.stop()
                    return State(hasIntent: hasIntent, markers: markers)
                }
            })
    }

    @Test func aMarkerThatIsLeftIsDeleted() throws {
        let databases = try stores.map { try $0.open() }
        try seeded.run { [self] in
            try await databases[1].commit { commit in
                commit.put(CommonMaps.finishedIntents, TupleKey("test", IntentID(number: 77)), Empty())
                commit.put(CommonMaps.finishedIntents, TupleKey("another", IntentID(number: 77)), Empty())
            }
            let intents = Intents(of: databases[0], kinds: [Self.adding(databases)], environment: seeded.environment)
            try await intents.resume()
            try await seeded.clock.sleep(milliseconds: 100)
            var left = try databases[1].snapshot().domain(CommonMaps.finishedIntents, .all)
            #expect(try left.collect().map(\.key) == [TupleKey("another", IntentID(number: 77))])
            await intents.stop()
        }
        for database in databases { database.close() }
    }

    @Test func areThereOnlyWithTheirCommit() throws {
        let databases = try stores.map { try $0.open() }
        try seeded.run { [self] in
            let intents = Intents(of: databases[0], kinds: [Self.adding(databases)], environment: seeded.environment)
            await #expect(throws: StoreError.self) {
                try await databases[0].commit { commit in
                    _ = intents.begin("adding", [1], in: commit)
                    throw StoreError.closed
                }
            }
            try await seeded.clock.sleep(milliseconds: 100)
            #expect(try intents.all().isEmpty)
            try Self.expectCarriedOut(databases)
            await intents.stop()
        }
        for database in databases { database.close() }
    }

    @Test func areTriedAgainWhenTheyFail() throws {
        let databases = try stores.map { try $0.open() }
        try seeded.run { [self] in
            let attempts = Shared(0)
            let broken = IntentKind(
                "adding",
                [
                    IntentKind.Part(in: databases[1]) { _, commit in
                        attempts.change { $0 += 1 }
                        commit.put(TestMaps.numbers, UInt64(attempts.value), 1)
                    },
                    IntentKind.Part(in: databases[2]) { _, _ in if attempts.value < 10 { throw Broken() } },
                ])
            let intents = Intents(of: databases[0], kinds: [broken], environment: seeded.environment)
            await #expect(throws: Broken.self) { try await Self.decide(1, databases, intents) }
            #expect(try intents.all().map(\.error) == ["Broken()"])
            try await seeded.clock.sleep(milliseconds: 500)
            attempts.change { $0 = 10 }
            try await seeded.clock.sleep(milliseconds: 1000)
            #expect(try intents.all().isEmpty)
            // The first part was done, and stayed done.
            #expect(attempts.value == 10)
            #expect(try databases[1].snapshot().get(TestMaps.numbers, 1) == 1)
            await intents.stop()
        }
        for database in databases { database.close() }
    }

    @Test func stayWhenTheirKindIsUnknown() throws {
        let databases = try stores.map { try $0.open() }
        try seeded.run { [self] in
            let id = try await databases[0].commit { commit in
                let id = commit.makeShortID(IntentID.self)
                commit.put(CommonMaps.intents, id, Intent(kind: "of tomorrow", payload: []))
                return id
            }
            let intents = Intents(of: databases[0], kinds: [Self.adding(databases)], environment: seeded.environment)
            try await intents.resume()
            #expect(try intents.all().map(\.id) == [id])
            #expect(try intents.all().map(\.isKnown) == [false])
            await intents.stop()
        }
        for database in databases { database.close() }
    }

    private struct Broken: Error {}
}
