import MatrixProtocol

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
