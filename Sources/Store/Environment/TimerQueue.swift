import Glibc

/// Timers on the machine's monotonic clock, whose jobs one thread runs one after the other.
///
/// - A job that is cancelled is let go at once, and its entry before more than half of the entries are such; so what a wait that ended
///   early leaves behind is nothing, however long it might have been.
/// - Setting and cancelling wake nobody, unless the timer is due before all that the thread knows of.
final class TimerQueue: Sendable {
    private let state: Monitor<State>

    /// A longer delay is as good as this one: a hundred years.
    private static let delayMaxMilliseconds: Int64 = 100 * 365 * 24 * 60 * 60 * 1000

    init() {
        let state = Monitor(State())
        self.state = state
        Thread.start {
            while let job = state.wait(until: \.nextLook, for: { $0.next(at: Self.now()) }) { job() }
        }
    }

    deinit {
        state.withLock { $0.isClosed = true }
        state.wakeAll()
    }

    /// Runs `job` once, so many milliseconds from now.
    func schedule(after milliseconds: Int64, _ job: @escaping @Sendable () -> Void) -> any ScheduledTimer {
        let due = Self.now() + min(max(0, milliseconds), Self.delayMaxMilliseconds) * 1_000_000
        let (id, isEarly) = state.withLock { $0.add(job, due: due) }
        if isEarly { state.wakeOne() }
        return Timer(id: id, queue: self)
    }

    /// How many entries there are, of timers that are set and of some that were cancelled.
    var entryCount: Int {
        state.withLock { $0.heap.count }
    }

    /// The monotonic clock, in nanoseconds.
    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private struct Timer: ScheduledTimer {
        let id: UInt64
        let queue: TimerQueue

        func cancel() {
            // The job goes outside of the lock, since what it holds may end with it.
            _ = queue.state.withLock { $0.remove(id) }
        }
    }

    private struct State {
        /// A binary heap: no entry is due before the one at half its index.
        private(set) var heap: [Entry] = []
        /// The jobs of the timers that are set, by the timers' numbers.
        private var jobs: [UInt64: @Sendable () -> Void] = [:]
        private var lastID: UInt64 = 0
        /// When the thread looks again by itself: when the first timer was due that it saw the last time.
        private(set) var nextLook = Int64.max
        var isClosed = false

        struct Entry: Sendable {
            let due: Int64
            let id: UInt64

            /// Timers of the same moment go by their making.
            func comes(before other: Entry) -> Bool { (due, id) < (other.due, other.id) }
        }

        /// - Returns: the timer's number, and whether it is due before the thread would look.
        mutating func add(_ job: @escaping @Sendable () -> Void, due: Int64) -> (id: UInt64, isEarly: Bool) {
            lastID += 1
            jobs[lastID] = job
            heap.append(Entry(due: due, id: lastID))
            siftUp(from: heap.count - 1)
            return (lastID, due < nextLook)
        }

        mutating func remove(_ id: UInt64) -> (@Sendable () -> Void)? {
            let job = jobs.removeValue(forKey: id)
            if heap.count > 2 * jobs.count {
                heap.removeAll { jobs[$0.id] == nil }
                // In sorted order every entry comes after the one at half its index.
                heap.sort { $0.comes(before: $1) }
            }
            return job
        }

        /// The job to run next; the inner nil ends the thread, the outer one makes it wait.
        mutating func next(at now: Int64) -> (@Sendable () -> Void)?? {
            while let first = heap.first, first.due <= now {
                removeFirst()
                if let job = jobs.removeValue(forKey: first.id) { return .some(job) }
            }
            nextLook = heap.first?.due ?? .max
            return isClosed ? .some(nil) : nil
        }

        private mutating func removeFirst() {
            let last = heap.removeLast()
            if heap.isEmpty { return }
            heap[0] = last
            siftDown()
        }

        private mutating func siftUp(from start: Int) {
            var index = start
            while index > 0, heap[index].comes(before: heap[(index - 1) / 2]) {
                heap.swapAt(index, (index - 1) / 2)
                index = (index - 1) / 2
            }
        }

        private mutating func siftDown() {
            var index = 0
            while true {
                let (left, right) = (2 * index + 1, 2 * index + 2)
                guard left < heap.count else { return }
                let child = right < heap.count && heap[right].comes(before: heap[left]) ? right : left
                guard heap[child].comes(before: heap[index]) else { return }
                heap.swapAt(index, child)
                index = child
            }
        }
    }
}
