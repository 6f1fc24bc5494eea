import Synchronization

/// Does work at the first of many moments, of which the work itself says the next: one timer, whatever there is to come.
///
/// - The work runs once at a time, and never before a moment for which the alarm is set.
/// - A moment that is set while it runs isn't lost: it is compared with the one that the work comes back with.
/// - Work that fails is done again after a while.
package final class Alarm: Sendable {
    private let clock: any Clock
    private let backoff: Backoff
    private let work: @Sendable () async throws -> Int64?
    private let tasks: BackgroundTasks
    private let state = Mutex(State())

    /// - Parameter work: does everything whose moment has come.
    ///
    ///   It returns the next moment, in milliseconds since 1970, or nil when there is none.
    package init(environment: Environment, backoff: Backoff = Backoff(), work: @escaping @Sendable () async throws -> Int64?) {
        clock = environment.clock
        self.backoff = backoff
        self.work = work
        tasks = BackgroundTasks(on: environment.executors.short)
    }

    /// Has the work done at that moment, in milliseconds since 1970, or at once when it is over.
    package func set(for moment: Int64) {
        state.withLock { state in
            if state.isWorking {
                state.setMeanwhile = min(state.setMeanwhile, moment)
            } else {
                setTimer(for: moment, &state)
            }
        }
    }

    /// Ends when the work has ended that is under way; none is begun after it.
    package func end() async {
        state.withLock { state in
            state.hasEnded = true
            state.timer?.cancel()
            state.timer = nil
        }
        await tasks.end()
    }

    private struct State {
        /// The timer that is set, and the moment for which it is.
        var timer: (any ScheduledTimer)?
        var moment = Int64.max
        var isWorking = false
        /// The first of the moments that were set while the work ran.
        var setMeanwhile = Int64.max
        var failures = 0
        var hasEnded = false
    }

    private func setTimer(for moment: Int64, _ state: inout State) {
        guard !state.hasEnded, moment < state.moment else { return }
        state.timer?.cancel()
        state.moment = moment
        let now = clock.now()
        state.timer = clock.schedule(after: max(now, moment) - now) { [weak self] in self?.ring() }
    }

    private func ring() {
        let begins = state.withLock { state in
            guard !state.isWorking, !state.hasEnded else { return false }
            state.isWorking = true
            state.timer = nil
            state.moment = .max
            return true
        }
        if begins { tasks.start { await self.run() } }
    }

    private func run() async {
        let outcome: Result<Int64?, any Error>
        do { outcome = .success(try await work()) } catch { outcome = .failure(error) }
        state.withLock { state in
            state.isWorking = false
            let next: Int64
            switch outcome {
            case .success(let moment):
                state.failures = 0
                next = min(moment ?? .max, state.setMeanwhile)
            case .failure:
                state.failures += 1
                next = clock.now() + backoff.delay(afterFailures: state.failures)
            }
            state.setMeanwhile = .max
            setTimer(for: next, &state)
        }
    }
}
