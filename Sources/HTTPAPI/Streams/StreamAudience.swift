import Homeserver
import NIOCore
import NIOWebSocket
import Store
import Synchronization
import TransitoryDatabase

/// All connections that listen to one stream: each broadcast is encoded once for all of them.
///
/// News come in order on whatever thread published them; each event loop is handed the same frames in the same order, and writes them to its own
/// connections.
final class StreamAudience: Sendable {
    /// The connections of one event loop.
    private struct Circle {
        let eventLoop: any EventLoop
        let members: NIOLoopBoundBox<[ObjectIdentifier: StreamConnection]>
    }

    private struct State {
        var circles: [Circle] = []
        var subscription: StreamSubscription?
        /// How many connections read each format.
        var formats: [StreamFormat: Int] = [:]
        var hasEnded = false
    }

    private let state = Mutex(State())

    private init() {}

    /// An audience that is told of all that happens in the stream from now on.
    static func listening(to room: StreamRoom) throws -> StreamAudience {
        let audience = StreamAudience()
        // The stream doesn't keep an audience that nobody is in.
        let subscription = try room.subscribe { [weak audience] in
            audience?.receive($0)
        } onEnd: { [weak audience] in
            audience?.end()
        }
        audience.state.withLock { $0.subscription = subscription }
        return audience
    }

    /// Whether there is nothing to hear any more.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Reads what a key has, and hands it over at its place among the broadcasts; see `StreamSubscription.replay`.
    func replay<Prepared>(
        _ key: String, after sequence: UInt64, _ prepare: ([StreamMessage]) -> Prepared, deliver: (Prepared) -> Void
    ) throws {
        try state.withLock { $0.subscription }?.replay(key, after: sequence, prepare, deliver: deliver)
    }

    /// Lets a connection hear everything from now on; on its event loop.
    ///
    /// - Returns: whether there is anything to hear any more.
    func join(_ connection: StreamConnection) -> Bool {
        let eventLoop = connection.eventLoop
        let circle = state.withLock { state -> Circle? in
            if state.hasEnded { return nil }
            state.formats[connection.format, default: 0] += 1
            if let circle = state.circles.first(where: { $0.eventLoop === eventLoop }) { return circle }
            let circle = Circle(eventLoop: eventLoop, members: NIOLoopBoundBox([:], eventLoop: eventLoop))
            state.circles.append(circle)
            return circle
        }
        circle?.members.value[ObjectIdentifier(connection)] = connection
        return circle != nil
    }

    /// Lets a connection hear nothing more; on its event loop.
    func leave(_ connection: StreamConnection) {
        let circle = state.withLock { state in
            state.formats[connection.format, default: 0] -= 1
            return state.circles.first { $0.eventLoop === connection.eventLoop }
        }
        circle?.members.value[ObjectIdentifier(connection)] = nil
    }

    private func receive(_ news: [StreamNews]) {
        let (circles, formats) = state.withLock { ($0.circles, $0.formats) }
        let broadcasts = news.map { StreamBroadcast($0, for: formats) }
        for circle in circles {
            circle.eventLoop.execute {
                for (_, connection) in circle.members.value { connection.tell(broadcasts) }
            }
        }
    }

    /// The stream is gone, or nobody knows what has become of the last pushes: connections have to begin anew.
    private func end() {
        let circles = state.withLock { state in
            state.hasEnded = true
            return state.circles
        }
        for circle in circles {
            circle.eventLoop.execute {
                for (_, connection) in circle.members.value { connection.close(.serviceRestart, "The stream has to be read anew") }
            }
        }
    }
}
