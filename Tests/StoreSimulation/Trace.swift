import StoreTestSupport
import Synchronization

/// What happened in a run, line by line.
final class Trace: Sendable {
    private let clock: VirtualClock
    private let start: Int64
    private let state = Mutex<[String]>([])

    init(clock: VirtualClock) {
        self.clock = clock
        start = clock.now()
    }

    var lines: [String] { state.withLock { $0 } }

    func note(_ who: String, _ what: String) {
        let line = "\(clock.now() - start) ms \(who): \(what)"
        state.withLock { $0.append(line) }
    }
}
