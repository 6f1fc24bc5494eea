import Synchronization

/// Wakes those who wait for a room, a user, a device: whoever registers first and reads then misses nothing.
package final class Notifier: Sendable {
    private let state = Mutex(State())

    package init() {}

    /// Has `expand` say whom else a change in a scope of the given kind concerns, such as the members of a room.
    package func expand(_ kind: Scope.Kind, _ expand: @escaping @Sendable (Scope) -> Set<Scope>) {
        state.withLock { $0.expansions[kind] = expand }
    }

    /// Registers for changes in any of the scopes, from now until the waiter is released.
    package func register(_ scopes: [Scope]) -> Waiter {
        let signal = Signal()
        let id = state.withLock { state in
            state.lastID += 1
            for scope in scopes { state.signals[scope, default: [:]][state.lastID] = signal }
            return state.lastID
        }
        return Waiter(id: id, scopes: scopes, signal: signal, notifier: self)
    }

    /// Wakes everybody who waits for one of the scopes.
    package func wake(_ scopes: Set<Scope>) {
        let expansions = state.withLock { $0.signals.isEmpty ? nil : $0.expansions }
        guard let expansions else { return }
        let concerned = scopes.compactMap { expansions[$0.kind]?($0) } + [scopes]
        var signals: [UInt64: Signal] = [:]
        state.withLock { state in
            for scopes in concerned {
                // The smaller side is walked: a room may have many members of whom few wait.
                if scopes.count < state.signals.count {
                    for scope in scopes { signals.merge(state.signals[scope] ?? [:]) { signal, _ in signal } }
                } else {
                    for (scope, waiting) in state.signals where scopes.contains(scope) { signals.merge(waiting) { signal, _ in signal } }
                }
            }
        }
        raise(signals)
    }

    /// Wakes everybody who waits.
    package func wakeAll() {
        let signals = state.withLock { state in
            state.signals.values.reduce(into: [:]) { all, some in all.merge(some) { signal, _ in signal } }
        }
        raise(signals)
    }

    /// Each waiter once, whatever it waits for, and in the order of registration, so that a test's run can be repeated.
    private func raise(_ signals: [UInt64: Signal]) {
        for (_, signal) in signals.sorted(by: { $0.key < $1.key }) { signal.raise() }
    }

    fileprivate func forget(_ id: UInt64, _ scopes: [Scope]) {
        state.withLock { state in
            for scope in scopes {
                state.signals[scope]?[id] = nil
                if state.signals[scope]?.isEmpty == true { state.signals[scope] = nil }
            }
        }
    }

    private struct State {
        var lastID: UInt64 = 0
        var signals: [Scope: [UInt64: Signal]] = [:]
        var expansions: [Scope.Kind: @Sendable (Scope) -> Set<Scope>] = [:]
    }
}

/// Somebody's place at the notifier; releasing it gives the place up.
package final class Waiter: Sendable {
    private let id: UInt64
    private let scopes: [Scope]
    private let signal: Signal
    private let notifier: Notifier

    fileprivate init(id: UInt64, scopes: [Scope], signal: Signal, notifier: Notifier) {
        self.id = id
        self.scopes = scopes
        self.signal = signal
        self.notifier = notifier
    }

    deinit {
        notifier.forget(id, scopes)
    }

    /// Waits until something has changed since the last wait ended (since the registration, the first time), until
    /// `milliseconds` have gone by, or until the task is cancelled. It may end for nothing, when a timer or a cancellation of
    /// the wait before came too late for it. One task waits at a time.
    package func wait(atMost milliseconds: Int64, on clock: any Clock) async {
        await signal.wait(atMost: milliseconds, on: clock)
    }
}
