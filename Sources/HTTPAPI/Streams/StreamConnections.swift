import Homeserver
import MatrixProtocol
import Store
import Synchronization

/// All connections to streams, and what they share.
final class StreamConnections: Sendable {
    let tasks: BackgroundTasks
    let clock: any Clock
    let limitsRates: Bool
    private let audiences = StreamAudiences()
    private let count = Mutex(0)

    init(environment: Environment, limitsRates: Bool) {
        tasks = BackgroundTasks(on: environment.executors.short)
        clock = environment.clock
        self.limitsRates = limitsRates
    }

    /// The audience of a stream, for one connection more.
    ///
    /// - Throws: `M_LIMIT_EXCEEDED` when there are enough.
    func audience(of room: StreamRoom) throws -> StreamAudience {
        guard count.withLock({ $0 < Limits.streamConnectionsMax }) else {
            throw MatrixError(.limitExceeded, "The server has too many connections to streams")
        }
        return try audiences.audience(of: room)
    }

    func join() {
        count.withLock { $0 += 1 }
    }

    func leave() {
        count.withLock { $0 -= 1 }
    }
}
