import Homeserver
import MatrixProtocol
import Store
import Synchronization

/// All connections to streams, and what they share.
final class StreamConnections: Sendable {
    let tasks: BackgroundTasks
    /// Where much is read at once.
    let longExecutor: any TaskExecutor
    let clock: any Clock
    let limitsRates: Bool
    private let audiences = StreamAudiences()
    private let state = Mutex(State())

    private struct State {
        var count = 0
        /// How many connections each user or address has.
        var clients: [String: Int] = [:]
        /// How much that was asked for waits to be read.
        var askedBytes = 0
    }

    init(environment: Environment, limitsRates: Bool) {
        tasks = BackgroundTasks(on: environment.executors.short)
        longExecutor = environment.executors.long
        clock = environment.clock
        self.limitsRates = limitsRates
    }

    /// The audience of a stream, for one connection more.
    ///
    /// - Parameter client: whom the connection is counted for.
    /// - Throws: `M_LIMIT_EXCEEDED` when there are enough.
    func audience(of room: StreamRoom, for client: String) throws -> StreamAudience {
        try state.withLock { state in
            guard state.count < Limits.streamConnectionsMax else {
                throw MatrixError(.limitExceeded, "The server has too many connections to streams")
            }
            guard !limitsRates || state.clients[client] ?? 0 < Limits.streamConnectionsPerClientMax else {
                throw MatrixError(.limitExceeded, "You have too many connections to streams")
            }
        }
        return try audiences.audience(of: room)
    }

    func join(_ client: String) {
        state.withLock { state in
            state.count += 1
            state.clients[client, default: 0] += 1
        }
    }

    func leave(_ client: String) {
        state.withLock { state in
            state.count -= 1
            state.clients[client] = state.clients[client].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
    }

    // MARK: - Memory

    /// Whether programs may still ask for what streams have, or must read first what was asked for.
    var hasRoom: Bool { state.withLock { $0.askedBytes < Limits.streamAskedMaxBytes } }

    /// Counts bytes that somebody has asked for, until they are given back.
    func take(_ bytes: Int) {
        state.withLock { $0.askedBytes += bytes }
    }

    func giveBack(_ bytes: Int) {
        state.withLock { $0.askedBytes -= bytes }
    }
}
