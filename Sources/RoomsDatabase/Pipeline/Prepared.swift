import MatrixProtocol
import StoredIdentifiers

/// What was worked out before a commit. One that finds that it needs more throws what that is, and is tried again.
package struct Prepared: Sendable {
    let limits: CommitLimits
    private var resolved: [Set<StateSum>: [StateEntry]] = [:]
    private var givenStates: [EventID: ShortStateHash] = [:]

    package init(_ limits: CommitLimits = .none) {
        self.limits = limits
    }

    /// Takes over what some states resolve to.
    mutating func add(_ entries: [StateEntry], of states: StatesToResolve) {
        resolved[states.sums] = entries
    }

    /// Takes over the state that was given before an event.
    mutating func add(_ state: ShortStateHash, before event: EventID) {
        givenStates[event] = state
    }

    func resolution(of sums: Set<StateSum>) -> [StateEntry]? { resolved[sums] }

    func givenState(before event: EventID) -> ShortStateHash? { givenStates[event] }
}
