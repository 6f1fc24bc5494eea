import Store
import StoreTestSupport
import Testing

/// The log of positions is trimmed below its followers, and those that are too far behind are told.
@Suite struct LogTrimmingTests {
    private let seeded = SeededEnvironment(seed: 1)
    private let store: TestStore
    private let database: Database
    private let limits: FollowingLimits

    init() throws {
        store = try TestStore(environment: seeded.environment)
        database = try store.open()
        var limits = FollowingLimits()
        (limits.retainedEntries, limits.lagMaxEntries, limits.readMaxEntries, limits.rememberedMaxEntries) = (10, 50, 4, 8)
        self.limits = limits
    }

    @Test func keepsTheNewestEntries() throws {
        try seeded.run { [self] in
            let dispatcher = Dispatcher(of: database, environment: seeded.environment, limits: limits)
            dispatcher.beginTrimming()
            let positions = try await stamp(100)
            try await seeded.clock.sleep(milliseconds: 100)
            let log = try log()
            #expect((10...20).contains(log.count))
            #expect(log == positions.suffix(log.count))
            // What is left can be read from the floor on, and from nowhere before.
            let floor = positions[100 - log.count - 1]
            let snapshot = database.snapshot()
            #expect(try snapshot.logFloor() == floor)
            #expect(try snapshot.changes(after: floor, limit: 100)?.map(\.position) == log)
            #expect(try snapshot.changes(after: Position(floor.value - 1), limit: 100) == nil)
            await dispatcher.stop()
        }
        database.close()
    }

    @Test func trimsWhatTheLastRunHasLeft() throws {
        try seeded.run { [self] in
            let positions = try await stamp(100)
            let dispatcher = Dispatcher(of: database, environment: seeded.environment, limits: limits)
            dispatcher.beginTrimming()
            try await seeded.clock.sleep(milliseconds: 100)
            #expect(try log() == positions.suffix(10))
            await dispatcher.stop()
        }
        database.close()
    }

    @Test func doesNotTrimBeforeTheFollowersAreThere() throws {
        try seeded.run { [self] in
            let positions = try await stamp(100)
            let dispatcher = Dispatcher(of: database, environment: seeded.environment, limits: limits)
            try await seeded.clock.sleep(milliseconds: 100)
            #expect(try log() == positions)
            dispatcher.beginTrimming()
            try await seeded.clock.sleep(milliseconds: 100)
            #expect(try log() == positions.suffix(10))
            await dispatcher.stop()
        }
        database.close()
    }

    @Test func isHeldBackByASlowFollower() throws {
        try seeded.run { [self] in
            let dispatcher = Dispatcher(of: database, environment: seeded.environment, limits: limits)
            dispatcher.beginTrimming()
            let isStuck = Shared(true)
            let slow = try await dispatcher.add(
                Follower("slow") { _ in
                    if isStuck.value { throw StoreError.closed }
                })
            let positions = try await stamp(45)
            try await seeded.clock.sleep(milliseconds: 100)
            #expect(try log() == positions)
            isStuck.change { $0 = false }
            try await slow.caughtUp(to: positions[44])
            // The cursor has to be saved first.
            try await seeded.clock.sleep(milliseconds: 1500)
            let more = try await stamp(20)
            try await slow.caughtUp(to: more[19])
            try await seeded.clock.sleep(milliseconds: 100)
            #expect(try log().count < 45)
            await dispatcher.stop()
        }
        database.close()
    }

    @Test func isNotHeldBackByOneThatIsTooFarBehind() throws {
        let stamped = Recorder()
        let positions = try seeded.run { [self] in
            let dispatcher = Dispatcher(of: database, environment: seeded.environment, limits: limits)
            dispatcher.beginTrimming()
            let slow = try await dispatcher.add(Follower("slow") { _ in throw StoreError.closed })
            let quick = try await dispatcher.add(Follower("quick") { stamped.take($0) })
            let first = try await stamp(1)
            var positions = first
            for _ in 0..<10 {
                positions += try await stamp(20)
                try await quick.caughtUp(to: positions.last ?? .zero)
                try await seeded.clock.sleep(milliseconds: 1500)
            }
            #expect(try log().count <= limits.lagMaxEntries)
            #expect(slow.position < first[0])
            await dispatcher.stop()
            return positions
        }
        #expect(stamped.positions == positions)
        let (kept, told) = (try log(), Recorder())
        let floor = try database.snapshot().logFloor()
        try seeded.run { [self] in
            let dispatcher = Dispatcher(of: database, environment: seeded.environment, limits: limits)
            dispatcher.beginTrimming()
            let late = try await dispatcher.add(Follower("slow") { told.take($0) })
            try await late.caughtUp(to: database.snapshot().position)
            await dispatcher.stop()
        }
        guard case .behindFloor(let start) = told.told.first else { return #expect(told.told == []) }
        #expect(start < positions[0])
        #expect(told.positions == kept)
        // The long way finds what the log no longer tells.
        let scopes = try database.snapshot().scopes(newerThan: start)
        #expect(scopes == (0..<20).map { Scope(.room, [$0]) })
        #expect(try database.snapshot().scopes(newerThan: positions[positions.count - 3]) == [Scope(.room, [18]), Scope(.room, [19])])
        #expect(try database.snapshot().scopes(newerThan: start, from: Scope(.room, [5]), limit: 2) == [5, 6].map { Scope(.room, [$0]) })
        #expect(floor > start)
        database.close()
    }

    @Test func tellsAFollowerIntoAnotherDatabaseOnce() throws {
        let targetStore = try TestStore(environment: seeded.environment)
        let target = try targetStore.open()
        try seeded.run { [self] in
            let told = Recorder()
            func follower(_ isStuck: Bool) -> Follower {
                Follower("derived", into: target) { news, commit in
                    if isStuck { throw StoreError.closed }
                    told.take(news)
                }
            }
            for isStuck in [true, false, false] {
                let dispatcher = Dispatcher(of: database, environment: seeded.environment, limits: limits)
                dispatcher.beginTrimming()
                let running = try await dispatcher.add(follower(isStuck))
                if isStuck {
                    for _ in 0..<10 {
                        _ = try await stamp(20)
                        try await seeded.clock.sleep(milliseconds: 1500)
                    }
                } else {
                    try await running.caughtUp(to: database.snapshot().position)
                }
                await dispatcher.stop()
            }
            let longWays = told.told.filter { if case .behindFloor = $0 { true } else { false } }
            #expect(longWays.count == 1)
            #expect(told.positions == (try log()))
        }
        database.close()
        target.close()
    }

    /// Stamps so many entries, for room 0, 1, 2 and so on.
    private func stamp(_ count: UInt8) async throws -> [Position] {
        var positions: [Position] = []
        for room in 0..<count { positions.append(try await database.stamp(room)) }
        return positions
    }

    /// The positions that the log still has.
    private func log() throws -> [Position] {
        let snapshot = database.snapshot()
        return try #require(try snapshot.changes(after: snapshot.logFloor(), limit: 1000)).map(\.position)
    }
}
