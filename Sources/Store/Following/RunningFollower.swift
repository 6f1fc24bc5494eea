import Synchronization

/// A follower at work, and where it is.
package final class RunningFollower: Sendable {
    package let follower: Follower
    /// The key of its cursor.
    let cursorKey: String
    /// The database that has its cursor.
    let home: Database
    private let state: Mutex<State>
    private let news = Signal()
    /// What failed may go well now.
    private let retry = Signal()

    init(_ follower: Follower, of source: Database, cursorKey: String, at position: Position) {
        self.follower = follower
        self.cursorKey = cursorKey
        if case .once(let target, _) = follower.work { home = target } else { home = source }
        state = Mutex(State(position: position, savedPosition: position))
        home.onReopening { [weak self] in self?.noteReopening() }
    }

    /// Waits until the follower's work is done up to `position`.
    ///
    /// - Throws: `StoreError.closed` when the follower ends before; `CancellationError`.
    package func caughtUp(to position: Position) async throws {
        let signal = Signal()
        let id = state.withLock { state in
            state.lastWaiterID += 1
            state.waiters.append((state.lastWaiterID, position, signal))
            return state.lastWaiterID
        }
        defer { state.withLock { $0.waiters.removeAll { $0.id == id } } }
        while true {
            let hasEnded = try state.withLock { state in
                if state.position >= position { return true }
                if state.hasEnded { throw StoreError.closed }
                return false
            }
            if hasEnded { return }
            try Task.checkCancellation()
            await signal.wait()
        }
    }

    /// The position up to which its work is done.
    package var position: Position { state.withLock { $0.position } }

    /// The position up to which its work will not be done again.
    var savedPosition: Position { state.withLock { $0.savedPosition } }

    /// Where it is, compared with the newest position of its source.
    func status(newest: Position) -> FollowerStatus {
        state.withLock { state in
            FollowerStatus(
                name: follower.name, position: state.position, lag: max(0, newest.value - state.position.value), failures: state.failures,
                error: state.error)
        }
    }

    // MARK: - What its own task does

    /// Waits until the dispatcher has something for it.
    func waitForNews() async {
        state.withLock { $0.isIdle = true }
        await news.wait()
        state.withLock { $0.isIdle = false }
    }

    /// Does the work, and notes that it is done.
    func work(on news: News?, through end: Position) async throws {
        switch (news, follower.work) {
        case (nil, _): finish(through: end)
        case (let news?, .repeatable(let work)):
            try await work(news)
            finish(through: end)
        case (let news?, .once(let target, let work)):
            try await target.commit { [cursorKey] commit in
                let done = try commit.get(CommonMaps.followerPosition, cursorKey) ?? .zero
                // A commit whose outcome was unknown may have been here before.
                guard done < end else { return }
                if let left = news.after(done) { try work(left, commit) }
                commit.put(CommonMaps.followerPosition, cursorKey, end)
            }
            finish(through: end)
            noteSaved(end)
        }
    }

    private func finish(through end: Position) {
        state.withLock { state in
            state.failures = 0
            state.error = nil
            state.advance(to: end)
        }
    }

    /// Notes a failure, and waits until it is time to try again.
    func waitAfter(_ error: any Error, _ backoff: Backoff, on clock: any Clock) async {
        let failures = state.withLock { state in
            state.failures += 1
            state.error = "\(error)"
            return state.failures
        }
        await retry.wait(atMost: backoff.delay(afterFailures: failures), on: clock)
    }

    // MARK: - What the dispatcher does

    /// Tells it that there is more: what came after `start` up to `end`. One that waits and wants none of it stays asleep.
    func offer(_ entries: [LogEntry], after start: Position, through end: Position) {
        // Asked outside the lock, since a follower may read to say what concerns it.
        let newestWanted = entries.last(where: follower.wants)?.position ?? start
        let isAsleep = state.withLock { state in
            guard state.isIdle, state.position >= start, state.position >= newestWanted else { return false }
            state.advance(to: end)
            return true
        }
        if !isAsleep { news.raise() }
    }

    func noteSaved(_ position: Position) {
        state.withLock { $0.savedPosition = max($0.savedPosition, position) }
    }

    /// What was written last to the database that has its cursor may be gone.
    private func noteReopening() {
        state.withLock { $0.savedPosition = .zero }
        retry.raise()
    }

    /// Lets those go who wait for it, and has its task end after what it is doing.
    func end() {
        state.withLock { state in
            state.hasEnded = true
            for waiter in state.waiters { waiter.signal.raise() }
        }
        news.raise()
        retry.raise()
    }

    /// Whether it is to do nothing any more.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    private struct State {
        var position: Position
        var savedPosition: Position
        /// Whether its task waits for news, so that others may move its position.
        var isIdle = false
        var failures = 0
        var error: String?
        var hasEnded = false
        var lastWaiterID: UInt64 = 0
        var waiters: [(id: UInt64, position: Position, signal: Signal)] = []

        mutating func advance(to end: Position) {
            guard end > position else { return }
            position = end
            for waiter in waiters where waiter.position <= end { waiter.signal.raise() }
        }
    }
}

/// How a follower is getting on.
package struct FollowerStatus: Sendable, Hashable {
    package let name: String
    /// The position up to which its work is done.
    package let position: Position
    /// By how many positions the database is ahead of it.
    package let lag: Int64
    /// How often its work has failed since it last went well.
    package let failures: Int
    /// Why it failed the last time.
    package let error: String?
}

extension News {
    /// What is left of it for somebody who is done up to a position.
    fileprivate func after(_ position: Position) -> News? {
        guard case .entries(let entries) = self else { return self }
        let left = entries.filter { $0.position > position }
        return left.isEmpty ? nil : .entries(left)
    }
}
