import Glibc
import NIOCore

/// CPU time of event loops' threads.
enum ThreadTime {
    /// What all threads of a group have used so far, in seconds.
    static func seconds(of group: any EventLoopGroup) async throws -> Double {
        var sum = 0.0
        for eventLoop in group.makeIterator() {
            sum += try await eventLoop.submit {
                var time = timespec()
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
                return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
            }.get()
        }
        return sum
    }
}
