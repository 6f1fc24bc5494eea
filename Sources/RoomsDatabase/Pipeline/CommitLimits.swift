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
