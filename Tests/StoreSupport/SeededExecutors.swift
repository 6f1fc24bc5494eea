import Glibc
import Store
import Synchronization
import TestSupport

/// Runs everything, handlers, writers and flushers alike, on the one thread that calls ``run(advancing:_:)``: the next of the jobs
/// that are ready is picked by a seeded choice, so that a seed is an order of events, and repeats it.
///
/// What runs here must wait only for what runs here, and start no unstructured task, since that would leave the executor.
package final class SeededExecutors: Executors {
    private let scheduler: Scheduler

    package init(seed: UInt64) {
        scheduler = Scheduler(seed: seed)
    }

    package var short: any TaskExecutor { scheduler }
    package var long: any TaskExecutor { scheduler }

    package func makeWorker() -> any SerialWorker {
        Worker(lane: scheduler.makeLane(), scheduler: scheduler)
    }

    /// Runs `body` and whatever it sets going, until `body` is done. Jobs that are left then wait for the next run.
    ///
    /// - Parameter clock: goes on to its next timer whenever no job is ready. Without it, or without a timer, that is an error:
    ///   somebody waits for what never happens.
    /// - Throws: what `body` throws; ``Stalled``.
    package func run<Result: Sendable>(
        advancing clock: VirtualClock? = nil, _ body: @escaping @Sendable () async throws -> Result
    ) throws -> Result {
        let outcome = Outcome<Result>()
        scheduler.enter()
        Task(executorPreference: scheduler) {
            do {
                let result = try await body()
                outcome.state.withLock { $0 = .success(result) }
            } catch {
                outcome.state.withLock { $0 = .failure(error) }
            }
        }
        while true {
            if let result = outcome.state.withLock({ $0 }) { return try result.get() }
            guard scheduler.runOne() || clock?.advanceToNextTimer() == true else { throw Stalled() }
        }
    }

    /// Runs some of the tasks that are ready in the middle of a worker's job: what other threads do while the job waits for the disk. In
    /// the middle of a task, and on another thread than the runner's, it does nothing.
    package func runTasksMeanwhile() {
        scheduler.runTasksMeanwhile()
    }

    /// The body isn't done, and nothing is left that could go on.
    package struct Stalled: Error {}

    private final class Outcome<Result: Sendable>: Sendable {
        let state = Mutex<Swift.Result<Result, any Error>?>(nil)
    }

    /// A worker whose jobs wait in a lane of the scheduler's.
    private struct Worker: SerialWorker {
        let lane: Int
        let scheduler: Scheduler

        func enqueue(_ job: @escaping @Sendable () -> Void) -> Bool {
            scheduler.append(job, to: lane)
        }

        func shutDown() {
            scheduler.close(lane)
        }
    }

    private final class Scheduler: TaskExecutor {
        private let state: Mutex<State>

        init(seed: UInt64) {
            state = Mutex(State(generator: SplitMix64(seed: seed)))
        }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            state.withLock { $0.tasks.append(job) }
        }

        func makeLane() -> Int {
            state.withLock { state in
                state.lanes.append(Lane())
                return state.lanes.count - 1
            }
        }

        func append(_ job: @escaping @Sendable () -> Void, to lane: Int) -> Bool {
            state.withLock { state in
                if !state.lanes[lane].isClosed { state.lanes[lane].jobs.append(job) }
                return !state.lanes[lane].isClosed
            }
        }

        /// Runs what is left in the lane.
        func close(_ lane: Int) {
            state.withLock { $0.lanes[lane].isClosed = true }
            while let job = state.withLock({ $0.lanes[lane].popFirst() }) { job() }
        }

        /// Makes the calling thread the one that runs everything.
        func enter() {
            state.withLock { $0.thread = pthread_self() }
        }

        /// Runs one of the jobs that are ready: any task's, and the first of each lane.
        func runOne() -> Bool {
            switch state.withLock({ $0.pick() }) {
            case .task(let job):
                job.runSynchronously(on: asUnownedTaskExecutor())
            case .worker(let job):
                state.withLock { $0.isInWorker = true }
                job()
                state.withLock { $0.isInWorker = false }
            case nil:
                return false
            }
            return true
        }

        func runTasksMeanwhile() {
            let count: Int? = state.withLock { state in
                guard state.isInWorker, let thread = state.thread, pthread_equal(thread, pthread_self()) != 0 else { return nil }
                // What runs now is itself a task.
                state.isInWorker = false
                return Int.random(in: 0...4, using: &state.generator)
            }
            guard let count else { return }
            for _ in 0..<count {
                guard let job = state.withLock({ $0.pickTask() }) else { break }
                job.runSynchronously(on: asUnownedTaskExecutor())
            }
            state.withLock { $0.isInWorker = true }
        }
    }

    private struct State {
        var generator: SplitMix64
        var tasks: [UnownedJob] = []
        var lanes: [Lane] = []

        /// The thread that runs everything.
        var thread: pthread_t?
        /// Whether it is in the middle of a worker's job.
        var isInWorker = false

        mutating func pickTask() -> UnownedJob? {
            tasks.isEmpty ? nil : tasks.remove(at: Int.random(in: 0..<tasks.count, using: &generator))
        }

        mutating func pick() -> Job? {
            let readyLanes = lanes.indices.filter { !lanes[$0].jobs.isEmpty }
            let readyCount = tasks.count + readyLanes.count
            guard readyCount > 0 else { return nil }
            let choice = Int.random(in: 0..<readyCount, using: &generator)
            if choice < tasks.count { return .task(tasks.remove(at: choice)) }
            return lanes[readyLanes[choice - tasks.count]].popFirst().map(Job.worker)
        }
    }

    private struct Lane {
        var jobs: [@Sendable () -> Void] = []
        var isClosed = false

        mutating func popFirst() -> (@Sendable () -> Void)? {
            jobs.isEmpty ? nil : jobs.removeFirst()
        }
    }

    private enum Job {
        case task(UnownedJob)
        case worker(@Sendable () -> Void)
    }
}
