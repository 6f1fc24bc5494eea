import Glibc

/// Wall-clock time, and timers on it.
package protocol Clock: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z, the unit of every timestamp in Matrix.
    func now() -> Int64

    /// Runs `job` once, `milliseconds` from now, unless the timer is cancelled first. The job must not block.
    func schedule(after milliseconds: Int64, _ job: @escaping @Sendable () -> Void) -> any ScheduledTimer
}

/// A job that a clock will run.
package protocol ScheduledTimer: Sendable {
    /// Takes the job back if it hasn't begun.
    func cancel()
}

/// The machine's clock.
package struct SystemClock: Clock {
    package init() {}

    package func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    package func schedule(after milliseconds: Int64, _ job: @escaping @Sendable () -> Void) -> any ScheduledTimer {
        Self.timers.schedule(after: milliseconds, job)
    }

    /// The process has one queue of timers, whatever clocks are made of the system's.
    private static let timers = TimerQueue()
}
