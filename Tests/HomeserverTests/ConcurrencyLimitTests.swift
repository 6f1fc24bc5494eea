import Testing

@testable import Homeserver

/// So many at a time, the others in their order, and not too many of them.
@Suite struct ConcurrencyLimitTests {
    @Test func soManyRunAtATime() async throws {
        let limit = ConcurrencyLimit(running: 2, waiting: 100)
        let counter = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await limit.run {
                        await counter.begin()
                        await Task.yield()
                        await counter.end()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await counter.most == 2)
        #expect(await counter.done == 50)
    }

    /// Counts who runs.
    private actor Counter {
        private var running = 0
        private(set) var most = 0
        private(set) var done = 0

        func begin() {
            running += 1
            most = max(most, running)
        }

        func end() {
            running -= 1
            done += 1
        }
    }

    @Test func whoThrowsGivesItsPlaceUp() async throws {
        struct Failure: Error {}
        let limit = ConcurrencyLimit(running: 1, waiting: 1)
        for _ in 0..<3 {
            await #expect(throws: Failure.self) { try await limit.run { throw Failure() } }
        }
        #expect(try await limit.run { 1 } == 1)
    }

    @Test func withoutRoomToWaitItIsRefused() async throws {
        let limit = ConcurrencyLimit(running: 1, waiting: 0)
        try await limit.run {
            _ = await #expect(throws: ConcurrencyLimit.Exceeded.self) { _ = try await limit.run { 1 } }
        }
        #expect(try await limit.run { 1 } == 1)
    }
}
