/// An entry of a database's log of positions.
package struct LogEntry: Sendable, Hashable {
    /// Where it stands in the database's history.
    package let position: Position
    /// What happened.
    package let change: Change

    package init(position: Position, change: Change) {
        self.position = position
        self.change = change
    }
}

/// What a follower is told.
package enum News: Sendable, Hashable {
    /// What happened next, in order; only what is of the kinds that the follower wants, and at least one entry.
    case entries([LogEntry])
    /// The log has been trimmed beyond the position up to which the follower's work was done. The follower goes the long way now: it looks at
    /// the scopes with a newer position (`PublishedSnapshot.scopes(newerThan:)`). Entries that are still in the log come next, as always.
    case behindFloor(Position)
}
