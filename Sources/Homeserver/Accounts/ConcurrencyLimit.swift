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
        var waiting: [CheckedContinuation<Void, any Error>] = []
    }

    init(running runningMax: Int, waiting waitingMax: Int) {
        self.runningMax = runningMax
        self.waitingMax = waitingMax
    }

    /// Runs `body` when its turn has come.
    ///
    /// - Throws: `Exceeded`, and what `body` throws.
    func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let entry: Result<Void, Exceeded>? = state.withLock { state in
                if state.running < runningMax {
                    state.running += 1
                    return .success(())
                }
                if state.waiting.count >= waitingMax { return .failure(Exceeded()) }
                state.waiting.append(continuation)
                return nil
            }
            if let entry { continuation.resume(with: entry) }
        }
        defer { leave() }
        return try await body()
    }

    /// Hands the place to who has waited longest, or gives it up.
    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            if state.waiting.isEmpty {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
