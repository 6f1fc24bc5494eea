import Store
import StoreTestSupport
import TestSupport
import Testing
import TransitoryDatabase

/// Scopes that nobody uses any more.
@Suite struct StreamExpiryTests {
    private static let lifetime: Int64 = 60_000

    private static func run(
        _ directory: TemporaryDirectory, clock: VirtualClock = VirtualClock(),
        _ body: @escaping @Sendable (TestStreams) async throws -> Void
    ) throws {
        let seeded = SeededEnvironment(seed: 1, clock: clock)
        try seeded.run { try await TestStreams.session(in: directory, seeded.environment, body) }
    }

    private static func push(_ test: TestStreams) async throws {
        _ = try await test.streams.push(
            [StreamPush(key: "key", value: [1], action: .append)], to: TestStreams.room, lifetime: lifetime)
    }

    private static func exists(_ test: TestStreams) throws -> Bool {
        try test.database.snapshot().hasStream(TestStreams.room)
    }

    @Test func anIdleScopeIsRemovedWithAllThatItHas() throws {
        try Self.run(TemporaryDirectory()) { test in
            try await Self.push(test)
            try await test.push(.append, "stays", to: TestStreams.inbox)
            try await test.environment.clock.sleep(milliseconds: Self.lifetime / 2)
            try await Self.push(test)
            try await test.environment.clock.sleep(milliseconds: Self.lifetime - 1000)
            #expect(try Self.exists(test))
            try await test.environment.clock.sleep(milliseconds: 2000)
            #expect(try !Self.exists(test))
            #expect(try test.messages() == [])
            #expect(try test.messages(in: TestStreams.inbox) == ["1 stays"])
            try await Self.push(test)
            #expect(try test.messages().count == 1)
        }
    }

    @Test func aScopeThatSomebodyIsSubscribedToStays() throws {
        try Self.run(TemporaryDirectory()) { test in
            try await Self.push(test)
            let listener = try Listener(test)
            try await test.environment.clock.sleep(milliseconds: 5 * Self.lifetime)
            #expect(try Self.exists(test))
            #expect(!listener.isAtEnd)
            // Its time begins when nobody listens any more.
            listener.leave()
            try await test.environment.clock.sleep(milliseconds: Self.lifetime / 2)
            #expect(try Self.exists(test))
            try await test.environment.clock.sleep(milliseconds: 2 * Self.lifetime)
            #expect(try !Self.exists(test))
        }
    }

    @Test func aScopeThatWasIdleWhileTheServerStoodStillIsRemovedAtTheStart() throws {
        let (directory, clock) = (try TemporaryDirectory(), VirtualClock())
        try Self.run(directory, clock: clock) { test in try await Self.push(test) }
        clock.advance(by: 2 * Self.lifetime)
        try Self.run(directory, clock: clock) { test in
            try await test.environment.clock.sleep(milliseconds: 100)
            #expect(try !Self.exists(test))
        }
    }
}
