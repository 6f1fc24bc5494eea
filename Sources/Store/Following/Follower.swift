/// Work that follows from what a database's commits have stamped: sending it elsewhere, deriving something from it in another database.
///
///     let push = Follower("push", kinds: [1]) { news in
///         guard case .entries(let entries) = news else { return }
///         try await gateway.send(entries)
///     }
///     let running = try await dispatcher.add(push)
///
/// A follower sees what is published, in order, and all of it. When its work throws it is tried again with the same, after a while. When the
/// process ends, work that isn't known to be done is done again: at least once, or exactly once into another database.
package struct Follower: Sendable {
    /// Where a follower begins that wasn't there before.
    package enum Beginning: Sendable {
        /// With what comes from now on.
        case now
        /// With the oldest entry that the log has.
        case oldestEntry
    }

    enum Work: Sendable {
        case repeatable(@Sendable (News) async throws -> Void)
        case once(into: Database, @Sendable (News, Commit) throws -> Void)
    }

    /// The name that its cursor is kept under; no other follower of the database has it, and it has no slash.
    package let name: String
    /// The kinds of entries that it wants; nil for all.
    package let kinds: Set<UInt8>?
    /// Which entries of those kinds it wants; nil for all. It is asked for each entry, so it has to be quick.
    let concerns: (@Sendable (LogEntry) -> Bool)?
    /// Where it begins when it wasn't there before.
    package let beginning: Beginning
    /// So many entries at most it is told at a time.
    package let entriesMax: Int
    let work: Work

    /// A follower whose work may be done again: its cursor goes on some time after the work.
    ///
    /// - Parameters:
    ///   - concerns: which entries of those kinds it wants; it is asked for each of them, so it has to be quick.
    ///   - work: takes note of the task's cancellation, which is how it is ended.
    package init(
        _ name: String, kinds: Set<UInt8>? = nil, concernedBy concerns: (@Sendable (LogEntry) -> Bool)? = nil, beginning: Beginning = .now,
        entriesMax: Int = 256, work: @escaping @Sendable (News) async throws -> Void
    ) {
        self.init(name, kinds, concerns, beginning, entriesMax, .repeatable(work))
    }

    /// A follower whose work is done exactly once: it is a part of a commit of the database `target`, which has the cursor in it too.
    ///
    /// - Parameter entriesMax: what so many entries lead to has to fit into a commit.
    package init(
        _ name: String, into target: Database, kinds: Set<UInt8>? = nil, beginning: Beginning = .now, entriesMax: Int = 64,
        work: @escaping @Sendable (News, Commit) throws -> Void
    ) {
        self.init(name, kinds, nil, beginning, entriesMax, .once(into: target, work))
    }

    private init(
        _ name: String, _ kinds: Set<UInt8>?, _ concerns: (@Sendable (LogEntry) -> Bool)?, _ beginning: Beginning, _ entriesMax: Int,
        _ work: Work
    ) {
        precondition(!name.contains("/") && entriesMax > 0)
        self.name = name
        self.kinds = kinds
        self.concerns = concerns
        self.beginning = beginning
        self.entriesMax = entriesMax
        self.work = work
    }

    func wants(_ entry: LogEntry) -> Bool {
        (kinds?.contains(entry.change.kind) ?? true) && (concerns?(entry) ?? true)
    }
}
