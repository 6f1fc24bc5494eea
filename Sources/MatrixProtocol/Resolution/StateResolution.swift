/// Merging a room's states (each room version's "State resolution").
///
/// ```swift
/// let state = try StateResolution.resolve([one, other], version: room.version, events: lookup)
/// ```
///
/// A pure function: it reads events through the lookup only, and its outcome depends neither on the order of the states nor on the
/// numbers. Of n entries and auth events it takes n log n steps; what is done for each event that isn't in conflict is one step in the
/// comparison of the states and one in the walk along auth chains.
package enum StateResolution {
    /// The algorithms that merge a room's states.
    package enum Algorithm: Sendable, Hashable {
        /// The algorithm of room version 1.
        case v1
        /// The algorithm of room version 2.
        case v2
        /// The algorithm of room version 12, which starts from an empty state and adds the conflicted state subgraph.
        case v2_1
    }

    /// The state that follows from several.
    ///
    /// - Parameters:
    ///   - states: the states after each of an event's previous events; each by ascending key, every key once.
    ///   - events: where the states' events and their auth chains are found.
    /// - Returns: the resolved state by ascending key.
    /// - Throws: `StateResolutionError`, and what `events` throws.
    package static func resolve(
        _ states: [[StateEntry]], version: RoomVersion, events: any EventLookup
    ) throws -> [StateEntry] {
        switch version.stateResolution {
        case .v1: try resolveV1(ConflictedState(states, whatSomeLackConflicts: false), version: version, events: events)
        case .v2, .v2_1: try resolveV2(ConflictedState(states, whatSomeLackConflicts: true), version: version, events: events)
        }
    }
}
