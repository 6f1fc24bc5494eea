import Synchronization

/// Lets only so many tasks do something at a time; the others wait in the order in which they came.
final class ConcurrencyLimit: Sendable {
    /// Too many tasks wait already.
    struct Exceeded: Error {}

    private let runningMax: Int
    private let waitingMax: Int
    private let state = Mutex(State())

    private struct State {
        var running = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    init(running runningMax: Int, waiting waitingMax: Int) {
        self.runningMax = runningMax
        self.waitingMax = waitingMax
    }

    /// Runs `body` when its turn has come.
    ///
    /// - Throws: `Exceeded`, and what `body` throws.
    func run<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        guard state.withLock({ $0.waiting.count < waitingMax }) else { throw Exceeded() }
        await withCheckedContinuation { continuation in
            let runs = state.withLock { state in
                guard state.running == runningMax else {
                    state.running += 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if runs { continuation.resume() }
        }
        defer { leave() }
        return try await body()
    }

    /// Hands the place to who has waited longest, or gives it up.
    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
