import MatrixProtocol
import StoredIdentifiers

/// How much of what takes long is done within a commit, which keeps all others waiting. What is more is done before it.
package struct CommitLimits: Sendable {
    /// So many entries of states are resolved, all together.
    package let resolvedEntries: Int
    /// So many memberships are taken over, and so many entries of a given state.
    package let memberships: Int

    package init(resolvedEntries: Int = 2_000, memberships: Int = 400) {
        self.resolvedEntries = resolvedEntries
        self.memberships = memberships
    }

    /// Everything is done within the commit.
    package static let none = CommitLimits(resolvedEntries: .max, memberships: .max)
}

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

/// Large states are to be resolved.
struct StatesToResolve: Error {
    let sums: Set<StateSum>
    let states: [State]
    let room: Room

    /// A state as the published snapshot can be asked for it: one that is in there, and what the commit has laid over it.
    struct State {
        let base: ShortStateHash
        let changes: [StateLayer.Entry]

        func entries(_ view: RoomsView) throws -> [StateEntry] {
            StateLayer.merge(changes, over: try view.entries(of: base), isLast: true).map(StateEntry.init)
        }
    }
}

/// A large given state is to be made one of the room's.
struct GivenStateToKeep: Error {
    /// The event that it is before.
    let event: EventID
    let given: GivenState
    let room: Room
}

/// Many memberships of users of other servers are to be taken over.
struct MembershipsToWrite: Error {
    let memberships: [(user: UserID, change: StateChange)]
    let room: Room
}

extension StateEntry {
    init(_ entry: StateLayer.Entry) {
        self.init(key: StateKeyNumber(entry.key.number), event: EventNumber(entry.event.number))
    }
}
