import MatrixProtocol

/// What became of an event that was received.
package enum Receipt: Sendable, Hashable {
    /// It stands in the room's timeline.
    case accepted(PDUID)
    /// The room's current state doesn't allow it: it is kept and counts for events that follow it, but nobody is shown it.
    case softFailed(reason: String)
    /// Its auth events, or the state before it, don't allow it: it is kept, so that what follows it can be judged.
    case rejected(reason: String)
    /// It is kept without its place in the room.
    case outlier
    /// It is kept until these previous events have come, or somebody says what the state before it is.
    case waiting(for: [EventID])
    /// It was here before, and what became of it stays.
    case known

    /// Whether what has waited for the event may go on.
    var endsWaits: Bool {
        switch self {
        case .accepted, .softFailed, .rejected: true
        case .outlier, .waiting, .known: false
        }
    }
}
