import Store
import StoreTestSupport
import Testing

/// Positions and short IDs, over restarts and crashes.
@Suite struct WriterCountersTests {
    /// 2025-01-01T00:00:00Z in milliseconds since 1970.
    private static let epoch: Int64 = 1_735_689_600_000

    @Test func beginAboveTheTimeOfDay() async throws {
        let store = try TestStore()
        let clock = VirtualClock(now: Self.epoch + 1_000_000)
        let first = try await store.session(clock: clock) { try await $0.stamp() }
        #expect(first == Position(64_000_001))
        clock.advance(by: 1_000_000)
        let second = try await store.session(clock: clock) { try await $0.stamp() }
        #expect(second == Position(128_000_001))
    }

    @Test func growOverRestartsWhateverTheClockShows() async throws {
        let store = try TestStore()
        var all: [Numbers] = []
        for milliseconds in [Self.epoch + 1_000_000, Self.epoch + 1_000_000, Self.epoch, 0, Self.epoch + 2_000_000] {
            all += try await store.session(clock: VirtualClock(now: milliseconds)) { database in
                var numbers: [Numbers] = []
                for round in 0..<4 {
                    numbers.append(try await Numbers(on: database, round % 2 == 0 ? .synced : .relaxed))
                    try? await database.commit { commit in
                        _ = commit.makeShortID(TestShortID.self)
                        throw StoreError.closed
                    }
                }
                return numbers
            }
        }
        for (earlier, later) in zip(all, all.dropFirst()) {
            #expect(earlier.position < later.position)
            #expect(earlier.shortID < later.shortID)
        }
    }

    @Test func areNotRepeatedWhenACrashTookTheirCommitsBack() async throws {
        let store = try TestStore()
        let clock = VirtualClock()
        let crashed = store.path(of: "crashed")
        let (kept, lost) = try await store.session(clock: clock) { database in
            let kept = try await Numbers(on: database)
            let synced = try DatabaseFiles(in: store.path).logSize
            // Nobody moves the clock, so these are not synced.
            _ = try await Numbers(on: database, .relaxed)
            let lost = try await Numbers(on: database, .relaxed)
            var files = try DatabaseFiles(in: store.path)
            // Whatever the log holds of them already is torn off.
            files.truncateLog(to: synced)
            try files.write(to: crashed)
            return (kept, lost)
        }
        clock.set(to: Self.epoch)
        try await store.session(at: crashed, clock: clock) { database in
            let snapshot = database.snapshot()
            #expect(try snapshot.changes(after: Position(0), limit: 10)?.map(\.position) == [kept.position])
            #expect(snapshot.position >= lost.position)
            let next = try await Numbers(on: database)
            #expect(next.position > lost.position)
            #expect(next.shortID > lost.shortID)
        }
    }

    @Test func areNotRepeatedByACopyOfARunningDatabase() async throws {
        let store = try TestStore()
        let copy = store.path(of: "copy")
        let clock = VirtualClock()
        try await store.session(clock: clock) { database in
            let before = try await Numbers(on: database)
            try DatabaseFiles(in: store.path).write(to: copy)
            var after: [Numbers] = []
            for _ in 0..<10 { after.append(try await Numbers(on: database)) }
            let inCopy = try await store.session(at: copy, clock: clock) { try await Numbers(on: $0) }
            #expect(inCopy.position > before.position)
            #expect(!after.contains { $0.position >= inCopy.position || $0.shortID >= inCopy.shortID })
        }
    }

    @Test func areReservedBeforeTheyAreUsed() async throws {
        let store = try TestStore()
        try await store.session { database in
            var reservations: Set<Position> = []
            for _ in 0..<40 {
                let (position, reserved) = try await database.commit { commit in
                    for _ in 0..<Commit.writesMax / 2 { commit.stamp(kind: 1, scope: Scope(.room, [])) { _ in [] } }
                    return (commit.position, try commit.get(CommonMaps.global, "position_reserved"))
                }
                let end = try Position(encoded: #require(reserved))
                #expect(position <= end)
                reservations.insert(end)
            }
            #expect(reservations.count == 2)
        }
    }

    @Test func countShortIDsOfCommitsThatWriteNothing() async throws {
        let store = try TestStore()
        try await store.session { database in
            let first = try await database.commit { $0.makeShortID(TestShortID.self) }
            let second = try await database.commit { $0.makeShortID(TestShortID.self) }
            #expect(first < second)
        }
    }

    /// What a commit was given.
    private struct Numbers: Sendable {
        let position: Position
        let shortID: TestShortID

        init(on database: Database, _ durability: Durability = .synced) async throws {
            self = try await database.commit(durability) { commit in
                let position = commit.stamp(kind: 1, scope: Scope(.room, [1])) { _ in [] }
                return Numbers(position: position, shortID: commit.makeShortID())
            }
        }

        private init(position: Position, shortID: TestShortID) {
            self.position = position
            self.shortID = shortID
        }
    }
}
