import Store
import StoreTestSupport
import Testing

/// On seeded executors a run of the store is repeatable, down to the order of everything that is concurrent.
@Suite struct SeededEnvironmentTests {
    @Test func repeatsARunFromItsSeed() throws {
        let orders = try (1...5 as ClosedRange<UInt64>).map { seed in
            let order = try Self.order(seed: seed)
            #expect(try Self.order(seed: seed) == order)
            return order
        }
        #expect(Set(orders).count == orders.count)
    }

    /// Runs commits of several tasks, with waiters, relaxed and refused ones among them, and returns what happened in which order.
    private static func order(seed: UInt64) throws -> [String] {
        let seeded = SeededEnvironment(seed: seed)
        let store = try TestStore(environment: seeded.environment)
        let database = try store.open()
        let start = database.snapshot().position
        let log = Shared<[String]>([])
        @Sendable func note(_ event: String) {
            let published = database.snapshot().position.value - start.value
            log.change { $0.append("\(seeded.clock.now()) \(event), published \(published)") }
        }
        try seeded.run {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<6 as Range<UInt8> {
                    group.addTask {
                        let waiter = store.notifier.register([Scope(.room, [task]), Scope(.room, [(task + 1) % 6])])
                        for step in 0..<5 {
                            let durability = (Int(task) + step) % 3 == 0 ? Durability.relaxed : .synced
                            try? await database.commit(durability) { commit in
                                note("commit \(task).\(step)")
                                commit.stamp(kind: 1, scope: Scope(.room, [task])) { _ in [] }
                                if step == 3 { throw StoreError.closed }
                            }
                            note("answer \(task).\(step)")
                            await waiter.wait(atMost: 50, on: seeded.clock)
                            note("woken \(task).\(step)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        database.close()
        return log.value
    }

    @Test func saysWhenEverybodyWaitsForNothing() throws {
        let seeded = SeededEnvironment(seed: 1)
        let waiter = Notifier().register([])
        #expect(throws: SeededExecutors.Stalled.self) {
            try seeded.executors.run { await waiter.wait(atMost: 1000, on: seeded.clock) }
        }
        // With the clock that goes on, the wait ends.
        #expect(try seeded.run { seeded.clock.now() } == seeded.clock.now())
        #expect(seeded.clock.advanceToNextTimer())
        #expect(try seeded.run { true })
    }

    @Test func givesTheSameBytesForTheSameSeed() {
        #expect(SeededRandom(seed: 1).bytes(40) == SeededRandom(seed: 1).bytes(40))
        #expect(SeededRandom(seed: 1).bytes(40) != SeededRandom(seed: 2).bytes(40))
        #expect(SeededRandom(seed: 1).alphanumeric(20).utf8.count == 20)
    }

    @Test func runsTimersInTheirOrderAtTheirMoments() {
        let clock = VirtualClock(now: 1000)
        let log = Shared<[String]>([])
        func schedule(_ name: String, after milliseconds: Int64) -> any ScheduledTimer {
            clock.schedule(after: milliseconds) { log.change { $0.append("\(name) \(clock.now())") } }
        }
        let timers = [schedule("c", after: 30), schedule("a", after: 10), schedule("b", after: 10), schedule("never", after: 20)]
        timers[3].cancel()
        clock.advance(by: 5)
        #expect(log.value == [])
        clock.advance(by: 100)
        #expect(log.value == ["a 1010", "b 1010", "c 1030"])
        #expect(clock.now() == 1105)
        #expect(!clock.advanceToNextTimer())
    }
}
