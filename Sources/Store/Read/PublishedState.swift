import Glibc

/// What everybody reads who doesn't commit: the newest published state, behind a gate that is closed for moments while the instance below
/// it is to be exchanged.
///
/// Nobody waits at the gate for longer than `gateMilliseconds` at a time, and whoever has waited gets the state that is there then. So
/// somebody who holds one state and asks for another can't be the reason for which he waits for ever.
final class PublishedState: Sendable {
    private let state: Monitor<State>

    private static let gateMilliseconds = 250

    init(_ snapshot: PublishedSnapshot) {
        state = Monitor(State(snapshot: snapshot))
    }

    /// The newest published state.
    func current() -> PublishedSnapshot {
        state.withLock { $0.open } ?? state.wait { $0.open }
    }

    /// Publishes a newer state of the same instance.
    func publish(_ snapshot: PublishedSnapshot) {
        var snapshot = snapshot
        // The state before is let go outside of the lock, since that takes RocksDB's own.
        state.withLock { swap(&$0.snapshot, &snapshot) }
    }

    /// Closes the instance, when nobody reads it, and publishes what `open` makes in its place, given the position so far; whoever asks
    /// meanwhile waits. What `open` calls must not ask for a published state.
    ///
    /// - Parameter closingGate: lets nobody begin to read for a while, for when there is always somebody reading. It blocks the thread.
    /// - Returns: whether that was done.
    func exchange(closingGate: Bool, _ open: (Position) -> PublishedSnapshot) -> Bool {
        guard closingGate else { return exchangeNow(open) }
        state.withLock { $0.isClosed = true }
        defer {
            state.withLock { $0.isClosed = false }
            state.wakeAll()
        }
        for _ in 0..<Self.gateMilliseconds {
            if exchangeNow(open) { return true }
            usleep(1000)
        }
        return false
    }

    private func exchangeNow(_ open: (Position) -> PublishedSnapshot) -> Bool {
        state.withLock { state in
            guard PublishedSnapshot.isUnread(&state.snapshot) else { return false }
            let position = state.snapshot.position
            // Closes the instance, whose directory can't be opened otherwise.
            state.snapshot = PublishedSnapshot(position: position, unreadable: .closed)
            state.snapshot = open(position)
            return true
        }
    }

    private struct State {
        var snapshot: PublishedSnapshot
        var isClosed = false

        var open: PublishedSnapshot? { isClosed ? nil : snapshot }
    }
}
