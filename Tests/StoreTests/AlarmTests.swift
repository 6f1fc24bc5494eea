import Store
import StoreTestSupport
import Synchronization
import Testing

@Suite struct AlarmTests {
    private struct Failed: Error {}

    /// Moments at which there is something to do, and when it was done.
    private final class Plan: Sendable {
        let clock = VirtualClock(now: 1000)
        private let state = Mutex((moments: [Int64](), done: [Int64](), runs: 0, failures: 0))

        var done: [Int64] { state.withLock { $0.done } }
        var runs: Int { state.withLock { $0.runs } }

        func add(_ moment: Int64) { state.withLock { $0.moments.append(moment) } }
        func fail(times: Int) { state.withLock { $0.failures = times } }

        func work() throws -> Int64? {
            try state.withLock { state in
                state.runs += 1
                if state.failures > 0 {
                    state.failures -= 1
                    throw Failed()
                }
                let now = clock.now()
                state.done += state.moments.filter { $0 <= now }.map { _ in now }
                state.moments.removeAll { $0 <= now }
                return state.moments.min()
            }
        }
    }

    /// Runs `body` with an alarm, then lets time pass until a moment.
    private func run(until end: Int64, _ plan: Plan, _ body: @escaping @Sendable (Alarm) async -> Void) throws {
        let seeded = SeededEnvironment(seed: 1, clock: plan.clock)
        try seeded.run {
            let alarm = Alarm(environment: seeded.environment) { try plan.work() }
            await body(alarm)
            try await plan.clock.sleep(milliseconds: end - plan.clock.now())
            await alarm.end()
        }
    }

    @Test func everyMomentHasItsWork() throws {
        let plan = Plan()
        try run(until: 10_000, plan) { alarm in
            for moment: Int64 in [5000, 2000, 2001, 9999] {
                plan.add(moment)
                alarm.set(for: moment)
            }
        }
        #expect(plan.done == [2000, 2001, 5000, 9999])
        // Nobody looks in between.
        #expect(plan.runs == 4)
    }

    @Test func whatIsOverIsDoneAtOnce() throws {
        let plan = Plan()
        try run(until: 1001, plan) { alarm in
            plan.add(10)
            alarm.set(for: .min)
        }
        #expect(plan.done == [1000])
    }

    @Test func oneTimerIsEnough() throws {
        let plan = Plan()
        try run(until: 3000, plan) { alarm in
            for moment in Int64(2000)..<2100 { alarm.set(for: moment) }
            #expect(plan.clock.timerCount == 1)
            for moment in (Int64(1500)..<1600).reversed() { alarm.set(for: moment) }
            #expect(plan.clock.timerCount == 1)
        }
    }

    @Test func workThatFailsIsDoneAgain() throws {
        let plan = Plan()
        try run(until: 20_000, plan) { alarm in
            plan.fail(times: 2)
            plan.add(2000)
            alarm.set(for: 2000)
        }
        #expect(plan.done == [5000])
        #expect(plan.runs == 3)
    }

    @Test func nothingIsBegunAfterTheEnd() throws {
        let plan = Plan()
        try run(until: 20_000, plan) { alarm in
            plan.add(2000)
            alarm.set(for: 2000)
            await alarm.end()
            alarm.set(for: 3000)
        }
        #expect(plan.runs == 0)
    }
}
