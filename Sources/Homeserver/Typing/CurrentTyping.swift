import MatrixProtocol
import Store
import Synchronization

/// Who is typing where, and until when if nothing else is heard.
final class CurrentTyping: Sendable {
    private struct State {
        /// When each of those stops who are typing in a room.
        var ends: [Scope: [UserID: Int64]] = [:]
        /// Rooms of which still has to be told who is typing.
        var untold: Set<Scope> = []
    }

    private let state = Mutex(State())

    /// Who is typing in a room, by their IDs.
    func users(in room: Scope) -> [UserID] {
        state.withLock { ($0.ends[room] ?? [:]).keys.sorted() }
    }

    /// - Returns: whether the user has not been typing.
    func begin(_ user: UserID, in room: Scope, until end: Int64) -> Bool {
        state.withLock { $0.ends[room, default: [:]].updateValue(end, forKey: user) == nil }
    }

    /// - Returns: whether the user has been typing.
    func stop(_ user: UserID, in room: Scope) -> Bool {
        state.withLock { state in
            guard state.ends[room]?.removeValue(forKey: user) != nil else { return false }
            if state.ends[room]?.isEmpty == true { state.ends[room] = nil }
            return true
        }
    }

    /// Notes that of these rooms still has to be told who is typing.
    func noteUntold(_ rooms: [Scope]) {
        state.withLock { $0.untold.formUnion(rooms) }
    }

    /// Ends what has come to its time.
    ///
    /// - Returns: the rooms of which is to be told who is typing; they are forgotten here.
    func takeUntold(at now: Int64) -> [Scope] {
        state.withLock { state in
            for (room, ends) in state.ends where ends.contains(where: { $0.value <= now }) {
                let left = ends.filter { $0.value > now }
                state.ends[room] = left.isEmpty ? nil : left
                state.untold.insert(room)
            }
            defer { state.untold = [] }
            return Array(state.untold)
        }
    }

    /// When the first of all stops; nil when nobody is typing.
    var nextEnd: Int64? {
        state.withLock { $0.ends.values.compactMap { $0.values.min() }.min() }
    }
}
