/// A serial worker with a thread of its own.
final class ThreadWorker: SerialWorker {
    private let state: Monitor<State>

    init() {
        let state = Monitor(State())
        self.state = state
        Thread.start {
            while let job = state.wait(for: { $0.next() }) { job() }
            state.withLock { $0.hasEnded = true }
            state.wakeAll()
        }
    }

    func enqueue(_ job: @escaping @Sendable () -> Void) -> Bool {
        state.withLock(wakingOne: true) { state in
            if !state.isClosed { state.jobs.append(job) }
            return !state.isClosed
        }
    }

    func shutDown() {
        state.withLock { $0.isClosed = true }
        state.wakeAll()
        state.wait { $0.hasEnded ? () : nil }
    }

    deinit {
        state.withLock { $0.isClosed = true }
        state.wakeAll()
    }

    private struct State {
        var jobs = Queue<@Sendable () -> Void>()
        var isClosed = false
        var hasEnded = false

        /// The job to run next; the inner nil ends the thread, the outer one makes it wait.
        mutating func next() -> (@Sendable () -> Void)?? {
            if let job = jobs.popFirst() { return .some(job) }
            return isClosed ? .some(nil) : nil
        }
    }
}
