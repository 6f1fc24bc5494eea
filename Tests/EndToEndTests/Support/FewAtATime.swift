import Synchronization
import Testing

/// Lets only a few tests run at a time, over all suites that have it.
///
/// Without it, hundreds begin at once, and the times that requests take say how long the queue was. A few are enough to keep the server busy.
struct FewAtATime: TestTrait, SuiteTrait, TestScoping {
    private static let gate = Gate(places: 12)

    /// Each test of the suite, not the suite as a whole.
    var isRecursive: Bool { true }

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        guard testCase != nil else { return try await function() }
        await Self.gate.enter()
        defer { Self.gate.leave() }
        try await function()
    }
}

extension Trait where Self == FewAtATime {
    /// Lets only a few tests run at a time, over all suites that have it.
    static var fewAtATime: Self { Self() }
}

/// A number of places, and a queue for them.
private final class Gate: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(places: Int) {
        state = Mutex(State(free: places))
    }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}
