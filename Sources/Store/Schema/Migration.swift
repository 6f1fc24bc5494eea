/// The way from a version of a database's schema to the next one.
///
///     Migration(
///         to: 3, adding: [RoomsMaps.topics.map], removing: [titles.map],
///         steps: [
///             MigrationStep(through: titles) { room, title, commit in
///                 commit.put(RoomsMaps.topics, room, Topic(text: title))
///             }
///         ])
///
/// A column that the schema no longer has, or has in another form, is declared by the migration itself, as it was then: a migration
/// must go on to do the same when the schema changes once more. docs/migrations.md tells how to write one.
package struct Migration: Sendable {
    /// The version that it leads to, from the one before.
    package let version: UInt64
    /// The maps that the new version has and the old one had not.
    package let adding: [MapDescriptor]
    /// The maps that the old version had and the new one has not; they are there until the last step is done.
    package let removing: [MapDescriptor]
    /// What is done with the entries, one step after the other.
    package let steps: [MigrationStep]

    package init(to version: UInt64, adding: [MapDescriptor] = [], removing: [MapDescriptor] = [], steps: [MigrationStep] = []) {
        self.version = version
        self.adding = adding
        self.removing = removing
        self.steps = steps
    }
}

/// A walk through a map as the old version had it, in which each entry is handed over exactly once, whatever crashes come between.
package struct MigrationStep: Sendable {
    /// The map that is walked.
    let map: MapDescriptor
    private let body: @Sendable (_ key: [UInt8], _ value: [UInt8], Commit) throws -> Void

    /// Walks through `column` in the order of its keys.
    ///
    /// - Parameter body: is handed each entry, and the commit that takes what follows from it. Several entries share a commit, and where one
    ///   ends is not to be relied on. It may write to every map of the old version and the new one; but of the map that is walked only at the
    ///   entry's own key (a value's new form takes its place; keys of a new form go to a new map), and by one column alone.
    package init<Key, Value>(
        through column: Column<Key, Value>, _ body: @escaping @Sendable (_ key: Key, _ value: Value, _ commit: Commit) throws -> Void
    ) {
        map = column.map
        self.body = { try body(Key(encoded: $0), Value(encoded: $1), $2) }
    }

    func migrate(_ entry: (key: [UInt8], value: [UInt8]), in commit: Commit) throws {
        try body(entry.key, entry.value, commit)
    }
}
