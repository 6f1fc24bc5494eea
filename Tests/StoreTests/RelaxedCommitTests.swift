import Store
import StoreTestSupport
import Testing

/// Relaxed commits, on a clock that stands still between the steps.
@Suite struct RelaxedCommitTests {
    private let clock = VirtualClock()

    @Test func isAnsweredAtOnceAndPublishedWithinMoments() async throws {
        let store = try TestStore()
        try await store.session(clock: clock) { database in
            let room = Scope(.room, [1])
            let waiter = store.notifier.register([room])
            let before = database.snapshot().position
            let position = try await database.stamp(1, .relaxed)
            #expect(position > before)
            clock.advance(by: 9)
            #expect(database.snapshot().position == before)
            clock.advance(by: 1)
            await waiter.wait(atMost: 60_000, on: clock)
            #expect(database.snapshot().position == position)
            #expect(clock.timerCount == 0)
        }
    }

    @Test func isSeenByTheNextCommit() async throws {
        let store = try TestStore()
        try await store.session(clock: clock) { database in
            try await database.commit(.relaxed) { $0.put(TestMaps.numbers, 1, 1) }
            #expect(try await database.commit(.relaxed) { try $0.get(TestMaps.numbers, 1) } == 1)
            #expect(try database.snapshot().get(TestMaps.numbers, 1) == nil)
        }
    }

    @Test func isPublishedWithASyncedOneThatFollows() async throws {
        let store = try TestStore()
        try await store.session(clock: clock) { database in
            let relaxed = try await database.stamp(1, .relaxed)
            let synced = try await database.stamp(2)
            #expect(relaxed < synced)
            #expect(try database.snapshot().positions(of: [Scope(.room, [1])]) == [relaxed])
        }
    }

    @Test func isSeenByNobodyBeforeItIsOnTheDiskNotEvenByWhoOnlyReads() async throws {
        let store = try TestStore()
        try await store.session(clock: clock) { database in
            let relaxed = try await database.stamp(1, .relaxed)
            // This commit's answer rests on what it has read, so it waits until that is on the disk.
            let seen = try await database.commit { try $0.get(TestMaps.numbers, 1) }
            #expect(seen == nil)
            #expect(database.snapshot().position == relaxed)
        }
    }

    @Test func isAnsweredLikeASyncedOneWhenItIsRefused() async throws {
        let store = try TestStore()
        try await store.session(clock: clock) { database in
            let position = try await database.stamp(1, .relaxed)
            await #expect(throws: StoreError.self) { try await database.commit(.relaxed) { _ in throw StoreError.closed } }
            #expect(database.snapshot().position == position)
        }
    }
}
