/// Threads that run request handlers and may block on the disk, in two lanes.
///
/// - Jobs of the short lane go first; at most half of the threads run jobs of the long lane at a time.
/// - One long job may always run, so that short ones never starve the lane.
final class BlockingPool: Sendable {
    let short: Lane
    let long: Lane
    private let queues: Monitor<Queues>

    init(threads: Int) {
        precondition(threads >= 2, "with one thread the long lane would keep out the short one")
        let queues = Monitor(Queues(longMax: max(1, threads / 2)))
        self.queues = queues
        short = Lane(queues: queues, isLong: false)
        long = Lane(queues: queues, isLong: true)
        for _ in 0..<threads {
            Thread.start { [short, long] in
                while let (job, isLong) = queues.wait(for: { $0.next() }) {
                    let lane = isLong ? long : short
                    job.runSynchronously(on: lane.asUnownedTaskExecutor())
                    if isLong { queues.withLock(wakingOne: true) { $0.longRunning -= 1 } }
                }
            }
        }
    }

    deinit {
        queues.withLock { $0.isClosed = true }
        queues.wakeAll()
    }

    /// One of the pool's two entrances.
    final class Lane: TaskExecutor {
        private let queues: Monitor<Queues>
        private let isLong: Bool

        fileprivate init(queues: Monitor<Queues>, isLong: Bool) {
            self.queues = queues
            self.isLong = isLong
        }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queues.withLock(wakingOne: true) { queues in
                if isLong { queues.long.append(job) } else { queues.short.append(job) }
            }
        }
    }

    fileprivate struct Queues {
        var short = Queue<UnownedJob>()
        var long = Queue<UnownedJob>()
        var longRunning = 0
        let longMax: Int
        var isClosed = false

        init(longMax: Int) {
            self.longMax = longMax
        }

        /// The job to run next and its lane; the inner `nil` ends the thread, the outer one makes it wait.
        mutating func next() -> (job: UnownedJob, isLong: Bool)?? {
            let starving = longRunning == 0
            if starving || short.isEmpty, longRunning < longMax, let job = long.popFirst() {
                longRunning += 1
                return (job, true)
            }
            if let job = short.popFirst() { return (job, false) }
            return isClosed && long.isEmpty ? .some(nil) : nil
        }
    }
}
