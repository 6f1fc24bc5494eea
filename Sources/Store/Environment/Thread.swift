import Glibc

/// A thread of the operating system.
enum Thread {
    /// The number of processor cores that the process may use.
    static var coreCount: Int {
        max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// Starts a detached thread that runs `body` and ends with it.
    static func start(_ body: @escaping @Sendable () -> Void) {
        // The box is retained for the thread, which takes it over exactly once.
        let box = Unmanaged.passRetained(Body(run: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        precondition(status == 0, "the system has no thread left: error \(status)")
        pthread_detach(thread)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

/// A value that threads take turns with, and can wait to change.
///
/// `@unchecked Sendable`: `value` is touched only between lock and unlock of the mutex, which lives as long as the object.
final class Monitor<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    init(_ value: Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` alone. Set `wake` to wake one thread that waits.
    func withLock<Result>(wakingOne wake: Bool = false, _ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer {
            if wake { pthread_cond_signal(condition) }
            pthread_mutex_unlock(mutex)
        }
        return try body(&value)
    }

    /// Wakes one thread that waits.
    func wakeOne() {
        pthread_cond_signal(condition)
    }

    /// Wakes every thread that waits.
    func wakeAll() {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Waits until `body` gives a result; it is asked at once and after each wake-up.
    func wait<Result>(for body: (inout Value) -> Result?) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&value) { return result }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// Waits until `body` gives a result; it is asked at once, after each wake-up, and at the moment that the value names: nanoseconds of
    /// the monotonic clock.
    func wait<Result>(until moment: (Value) -> Int64, for body: (inout Value) -> Result?) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&value) { return result }
            let moment = moment(value)
            var time = timespec(tv_sec: Int(moment / 1_000_000_000), tv_nsec: Int(moment % 1_000_000_000))
            pthread_cond_timedwait(condition, mutex, &time)
        }
    }
}
