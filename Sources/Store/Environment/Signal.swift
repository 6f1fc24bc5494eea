import Synchronization

/// A flag that one task at a time can wait for; waiting lowers it.
final class Signal: Sendable {
    private let state = Mutex(State.lowered)

    private enum State {
        case lowered
        case raised
        case awaited(CheckedContinuation<Void, Never>)
    }

    /// Lets the wait end that is under way, or else the next one.
    func raise() {
        let continuation: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard case .awaited(let continuation) = state else {
                state = .raised
                return nil
            }
            state = .lowered
            return continuation
        }
        continuation?.resume()
    }

    /// Waits until the signal is raised or the task is cancelled. It may end for nothing, when a cancellation of the wait before came too late
    /// for that one.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { park($0) }
        } onCancel: {
            raise()
        }
    }

    /// Waits at most so many milliseconds; a timer that comes too late ends the next wait.
    func wait(atMost milliseconds: Int64, on clock: any Clock) async {
        let timer = clock.schedule(after: milliseconds) { self.raise() }
        await wait()
        timer.cancel()
    }

    private func park(_ continuation: CheckedContinuation<Void, Never>) {
        let isRaised = state.withLock { state in
            switch state {
            case .lowered:
                state = .awaited(continuation)
                return false
            case .raised:
                state = .lowered
                return true
            case .awaited:
                preconditionFailure("a second task waits")
            }
        }
        if isRaised { continuation.resume() }
    }
}

extension Clock {
    /// Waits for so many milliseconds.
    ///
    /// - Throws: `CancellationError`.
    package func sleep(milliseconds: Int64) async throws {
        await Signal().wait(atMost: milliseconds, on: self)
        try Task.checkCancellation()
    }
}
