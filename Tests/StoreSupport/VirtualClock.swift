import Store
import Synchronization

/// A clock that stands still until it is told to go on.
///
/// Timers run on the thread that moves the clock, one after the other in the order of their moments, and of their making where
/// those are the same; each sees its own moment as the time.
package final class VirtualClock: Clock {
    private let state: Mutex<State>

    /// A clock that shows `now`, by default 2026-01-01T00:00:00Z.
    package init(now: Int64 = 1_767_225_600_000) {
        state = Mutex(State(now: now))
    }

    package func now() -> Int64 {
        state.withLock { $0.now }
    }

    package func schedule(after milliseconds: Int64, _ job: @escaping @Sendable () -> Void) -> any ScheduledTimer {
        state.withLock { state in
            state.lastID += 1
            let (due, isOver) = state.now.addingReportingOverflow(max(0, milliseconds))
            state.timers.append(Entry(due: isOver ? .max : due, id: state.lastID, job: job))
            return Timer(id: state.lastID, clock: self)
        }
    }

    /// How many timers have neither run nor been cancelled.
    package var timerCount: Int {
        state.withLock { $0.timers.count }
    }

    /// Lets time pass, and the timers run that become due, those included which these make.
    package func advance(by milliseconds: Int64) {
        let end = now() + milliseconds
        while runFirst(notAfter: end) {}
        state.withLock { $0.now = max($0.now, end) }
    }

    /// Lets time pass until the first timer becomes due, and runs it.
    ///
    /// - Returns: false when there is no timer.
    package func advanceToNextTimer() -> Bool {
        runFirst(notAfter: .max)
    }

    /// Puts the clock to another time, also to an earlier one; timers keep their moments.
    package func set(to now: Int64) {
        state.withLock { $0.now = now }
    }

    private func runFirst(notAfter end: Int64) -> Bool {
        let entry: Entry? = state.withLock { state in
            guard let index = state.timers.indices.min(by: { state.timers[$0].comes(before: state.timers[$1]) }),
                state.timers[index].due <= end
            else { return nil }
            let entry = state.timers.remove(at: index)
            state.now = max(state.now, entry.due)
            return entry
        }
        entry?.job()
        return entry != nil
    }

    private func cancel(_ id: UInt64) {
        state.withLock { $0.timers.removeAll { $0.id == id } }
    }

    private struct State {
        var now: Int64
        var timers: [Entry] = []
        var lastID: UInt64 = 0
    }

    private struct Entry: Sendable {
        let due: Int64
        let id: UInt64
        let job: @Sendable () -> Void

        func comes(before other: Entry) -> Bool {
            (due, id) < (other.due, other.id)
        }
    }

    private struct Timer: ScheduledTimer {
        let id: UInt64
        let clock: VirtualClock

        func cancel() {
            clock.cancel(id)
        }
    }
}
