/// Merging a room's states (each room version's "State resolution").
package enum StateResolution {
    /// The algorithms that merge a room's states.
    package enum Algorithm: Sendable {
        /// The algorithm of room version 1.
        case v1
        /// The algorithm of room version 2.
        case v2
        /// The algorithm of room version 12, which starts from an empty state and adds the conflicted state subgraph.
        case v2_1
    }
}
