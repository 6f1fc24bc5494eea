/// Threads that run request handlers and may block on the disk, in two lanes.
///
/// - Jobs of the short lane go first; at most half of the threads run jobs of the long lane at a time.
/// - One long job may always run, so that short ones never starve the lane.
/// - Threads are woken one after the other: whoever takes a job wakes the next one when there are more. So a burst of short jobs, such as
///   the answers of a group of commits, is done by the threads that are awake, not by one for each job.
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
                while let next = queues.wait(for: { $0.next() }) {
                    if next.wakesAnother { queues.wakeOne() }
                    let lane = next.isLong ? long : short
                    next.job.runSynchronously(on: lane.asUnownedTaskExecutor())
                    if next.isLong { queues.withLock { $0.longRunning -= 1 } }
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
            let wakesOne = queues.withLock { queues in
                if isLong { queues.long.append(job) } else { queues.short.append(job) }
                return queues.claimWaking()
            }
            if wakesOne { queues.wakeOne() }
        }
    }

    fileprivate struct Queues {
        var short = Queue<UnownedJob>()
        var long = Queue<UnownedJob>()
        var longRunning = 0
        let longMax: Int
        var isClosed = false
        /// Whether a thread was woken that hasn't looked at the queues since.
        private var isWaking = false

        init(longMax: Int) {
            self.longMax = longMax
        }

        /// A job to run, its lane, and whether another thread is to be woken for what is left.
        typealias Next = (job: UnownedJob, isLong: Bool, wakesAnother: Bool)

        /// The job to run next; the inner nil ends the thread, the outer one makes it wait.
        mutating func next() -> Next?? {
            isWaking = false
            let starving = longRunning == 0
            if starving || short.isEmpty, longRunning < longMax, let job = long.popFirst() {
                longRunning += 1
                return (job, true, hasRunnable && claimWaking())
            }
            if let job = short.popFirst() { return (job, false, hasRunnable && claimWaking()) }
            return isClosed && long.isEmpty ? .some(nil) : nil
        }

        /// Whether it is the caller who is to wake a thread; nobody is while one that was woken hasn't looked yet.
        mutating func claimWaking() -> Bool {
            defer { isWaking = true }
            return !isWaking
        }

        private var hasRunnable: Bool { !short.isEmpty || !long.isEmpty && longRunning < longMax }
    }
}
