import Synchronization

/// Pieces of work, known by their IDs, that are worked on in turn, a few at a time: each again and again until it is done. One that fails is
/// tried again after a while; the others go on.
final class WorkQueue<ID: Hashable & Comparable & Sendable>: Sendable {
    private let environment: Environment
    private let backoff: Backoff
    private let atOnceMax: Int
    private let turn: @Sendable (ID) async throws -> Turn
    private let tasks: BackgroundTasks
    private let state = Mutex(State())

    /// What a turn came to.
    enum Turn: Sendable {
        case goesOn
        case isDone
    }

    /// - Parameter turn: does the next bit of a piece of work.
    init(environment: Environment, backoff: Backoff, atOnceMax: Int, turn: @escaping @Sendable (ID) async throws -> Turn) {
        self.environment = environment
        self.backoff = backoff
        self.atOnceMax = atOnceMax
        self.turn = turn
        tasks = BackgroundTasks(on: environment.executors.short)
    }

    /// Has a piece of work done, unless it is under way.
    func add(_ id: ID) {
        state.withLock { state in
            guard state.items[id] == nil, !state.hasEnded else { return }
            state.items[id] = Item()
            state.ready.append(id)
        }
        startTurns()
    }

    /// Gives a piece of work up; the turn that it has now is its last.
    func remove(_ id: ID) {
        let item = state.withLock { $0.items.removeValue(forKey: id) }
        item?.wakeWaiters()
    }

    /// Waits until a piece of work is no longer here: it is done, or was given up, or never came.
    ///
    /// - Throws: the error of its last turn, when that has failed; the work goes on all the same. `StoreError.closed` when the queue ends before,
    ///   `CancellationError`.
    func wait(for id: ID) async throws {
        let signal = Signal()
        while true {
            let isGone = try state.withLock { state in
                if state.hasEnded { throw StoreError.closed }
                guard let item = state.items[id] else { return true }
                if let error = item.error { throw error }
                state.items[id]?.waiters.append(signal)
                return false
            }
            if isGone { return }
            await signal.wait()
            try Task.checkCancellation()
        }
    }

    /// Whether a piece of work is here.
    func contains(_ id: ID) -> Bool {
        state.withLock { $0.items[id] != nil }
    }

    /// Why the last turn of a piece of work has failed; nil when it hasn't.
    func error(of id: ID) -> (any Error)? {
        state.withLock { $0.items[id]?.error }
    }

    /// Tries again at once what has failed.
    func retryAll() {
        state.withLock { state in
            for (id, item) in state.items.sorted(by: { $0.key < $1.key }) { state.retry(id, afterFailures: item.failures) }
        }
        startTurns()
    }

    /// Runs `body` on the queue's threads.
    func perform(_ body: @escaping @Sendable () async -> Void) {
        tasks.start(body)
    }

    /// Ends when the turns have ended that are under way.
    func end() async {
        let items = state.withLock { state in
            state.hasEnded = true
            return state.items.sorted { $0.key < $1.key }.map(\.value)
        }
        await tasks.end()
        for item in items { item.wakeWaiters() }
    }

    private func startTurns() {
        while let id = state.withLock({ $0.takeNext(atOnceMax: atOnceMax) }) {
            tasks.start { await self.run(id) }
        }
    }

    private func run(_ id: ID) async {
        let outcome: Result<Turn, any Error>
        do { outcome = .success(try await turn(id)) } catch { outcome = .failure(error) }
        let failures = state.withLock { $0.finishTurn(of: id, outcome) }
        if failures > 0 {
            _ = environment.clock.schedule(after: backoff.delay(afterFailures: failures)) { [weak self] in
                self?.state.withLock { $0.retry(id, afterFailures: failures) }
                self?.startTurns()
            }
        }
        startTurns()
    }

    private struct Item {
        var failures = 0
        /// Why the last turn has failed.
        var error: (any Error)?
        /// Whether it waits for the time to be tried again.
        var isWaiting = false
        var waiters: [Signal] = []

        func wakeWaiters() {
            for waiter in waiters { waiter.raise() }
        }
    }

    private struct State {
        var items: [ID: Item] = [:]
        var ready = Queue<ID>()
        var running = 0
        var hasEnded = false

        /// The piece of work whose turn it is now.
        mutating func takeNext(atOnceMax: Int) -> ID? {
            guard !hasEnded, running < atOnceMax else { return nil }
            while let id = ready.popFirst() {
                guard items[id] != nil else { continue }
                running += 1
                return id
            }
            return nil
        }

        /// Notes what a turn came to.
        ///
        /// - Returns: how many have failed in a row.
        mutating func finishTurn(of id: ID, _ outcome: Result<Turn, any Error>) -> Int {
            running -= 1
            guard var item = items[id] else { return 0 }
            switch outcome {
            case .success(.goesOn):
                item.failures = 0
                item.error = nil
                ready.append(id)
            case .success(.isDone):
                item.wakeWaiters()
                items[id] = nil
                return 0
            case .failure(let error):
                item.failures += 1
                item.error = error
                item.isWaiting = true
                item.wakeWaiters()
                item.waiters = []
            }
            items[id] = item
            return item.failures
        }

        /// Gives a piece of work its turn that waits since it has failed so often.
        mutating func retry(_ id: ID, afterFailures failures: Int) {
            guard let item = items[id], item.isWaiting, item.failures == failures else { return }
            items[id]?.isWaiting = false
            ready.append(id)
        }
    }
}
