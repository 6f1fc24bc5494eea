import Synchronization

/// The scopes in which something has happened lately, in memory: what a reader goes by for whom the log is too long.
final class RecentScopes: Sendable {
    private struct State {
        /// What has happened up to here isn't known; nil for nobody knows what.
        var floor: Position?
        /// When something has happened in each scope the last time.
        var newest: [Scope: Position] = [:]
        /// The scopes in the order of their changes; an entry that isn't the scope's newest counts for nothing.
        var entries: [(position: Position, scope: Scope)] = []
    }

    private let state = Mutex(State())
    private let scopesMax: Int

    /// So many scopes are remembered.
    static let scopesMax = 8192
    /// So many entries for each of them are kept until those are removed that count for nothing.
    private static let entriesPerScopeMax = 2

    init(scopesMax: Int = RecentScopes.scopesMax) {
        self.scopesMax = scopesMax
    }

    /// Begins: from now on everything is noted.
    func begin(at position: Position) {
        state.withLock { $0.floor = position }
    }

    /// Notes that something has happened in some scopes, in what is about to be published.
    func note(_ scopes: Set<Scope>, at position: Position) {
        state.withLock { state in
            for scope in scopes {
                state.newest[scope] = position
                state.entries.append((position, scope))
            }
            if state.entries.count > Self.entriesPerScopeMax * scopesMax { forget(&state) }
        }
    }

    private func forget(_ state: inout State) {
        let newest = state.newest
        state.entries.removeAll { newest[$0.scope] != $0.position }
        let forgotten = state.entries.count - scopesMax
        guard forgotten > 0 else { return }
        // Half of them at once, so that it is seldom done.
        let count = forgotten + scopesMax / 2
        state.floor = state.entries[count - 1].position
        for (_, scope) in state.entries[..<count] { state.newest[scope] = nil }
        state.entries.removeFirst(count)
    }

    /// The scopes in which something has happened after a position, in no order, perhaps more; nil when that isn't known, or they are more than `limit`.
    func scopes(after position: Position, limit: Int) -> Set<Scope>? {
        state.withLock { state in
            guard let floor = state.floor, position >= floor else { return nil }
            var scopes: Set<Scope> = []
            for entry in state.entries.reversed() {
                if entry.position <= position { break }
                scopes.insert(entry.scope)
                if scopes.count > limit { return nil }
            }
            return scopes
        }
    }
}
