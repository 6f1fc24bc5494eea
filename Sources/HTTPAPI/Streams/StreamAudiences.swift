import Homeserver
import Store
import Synchronization
import TransitoryDatabase

/// The audiences of all streams that somebody listens to.
final class StreamAudiences: Sendable {
    private struct Weak {
        weak var audience: StreamAudience?
    }

    private let audiences = Mutex<[Scope: Weak]>([:])

    /// So many entries are there before those are looked for that nobody uses.
    private static let entriesMax = 1000

    /// The audience of a stream, which is there as long as somebody holds it.
    func audience(of room: StreamRoom) throws -> StreamAudience {
        try audiences.withLock { audiences in
            if let audience = audiences[room.scope]?.audience, !audience.hasEnded { return audience }
            if audiences.count >= Self.entriesMax { audiences = audiences.filter { $0.value.audience != nil } }
            let audience = try StreamAudience.listening(to: room)
            audiences[room.scope] = Weak(audience: audience)
            return audience
        }
    }
}
