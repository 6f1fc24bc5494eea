import Synchronization

/// Reads a database's log once for all of its followers, keeps their cursors, and trims the log.
///
/// Invariants:
/// - Followers see only what is published.
/// - A cursor is saved after its work, or in the same commit; so no entry is passed over, whatever fails.
/// - Memory is bounded however far a follower is behind: what is remembered of the log is the same for all, and who needs older entries
///   reads them itself, each time on a fresh snapshot that it doesn't hold while it works.
/// - The log is trimmed only below every saved cursor, those excepted that are too far behind.
package final class Dispatcher: Sendable {
    let database: Database
    let limits: FollowingLimits
    private let environment: Environment
    private let tasks: BackgroundTasks
    private let state: Mutex<State>
    /// There may be something to read, to save or to trim.
    private let signal = Signal()

    /// Begins to look after the database's log.
    package init(of database: Database, environment: Environment, limits: FollowingLimits = FollowingLimits()) {
        self.database = database
        self.environment = environment
        self.limits = limits
        tasks = BackgroundTasks(on: environment.executors.long)
        state = Mutex(State(log: RememberedLog(at: database.snapshot().position, entriesMax: limits.rememberedMaxEntries)))
        database.observePublications { [weak self] in self?.notePublication() }
        tasks.start { await self.run() }
    }

    /// Sets a follower to work; one that is new to the database begins where it says.
    ///
    /// - Throws: `StoreError` when its cursor can't be read or saved.
    package func add(_ follower: Follower) async throws -> RunningFollower {
        let snapshot = database.snapshot()
        let beginning = try follower.beginning == .now ? snapshot.position : snapshot.logFloor()
        let key = "\(database.schema.name)/\(follower.name)"
        let home = if case .once(let target, _) = follower.work { target } else { database }
        let position = try await home.commit { commit in
            if let position = try commit.get(CommonMaps.followerPosition, key) { return position }
            commit.put(CommonMaps.followerPosition, key, beginning)
            return beginning
        }
        let running = RunningFollower(follower, of: database, cursorKey: key, at: position)
        state.withLock { state in
            precondition(!state.followers.contains { $0.follower.name == follower.name }, "two followers are called \(follower.name)")
            state.followers.append(running)
        }
        guard tasks.start({ await self.run(running) }) else { throw StoreError.closed }
        signal.raise()
        return running
    }

    /// Takes a follower away that won't be added again, and forgets its cursor. What it is doing comes to its end.
    ///
    /// - Throws: `StoreError` when its cursor can't be deleted, which then stays behind.
    package func remove(_ running: RunningFollower) async throws {
        state.withLock { state in state.followers.removeAll { $0 === running } }
        running.end()
        try await running.home.commit(.relaxed) { [key = running.cursorKey] commit in commit.delete(CommonMaps.followerPosition, key) }
    }

    /// Lets the log be trimmed from now on. It is called when the followers are there that the last run has left: before it is added again, none
    /// holds the trimming back.
    package func beginTrimming() {
        state.withLock { $0.trimmingIsDueAt = $0.trimmingIsDueAt ?? .zero }
        signal.raise()
    }

    /// How every follower is getting on, in the order of their coming.
    package var followerStatuses: [FollowerStatus] {
        let newest = database.snapshot().position
        return followers.map { $0.status(newest: newest) }
    }

    /// Why the log can't be read or trimmed, or cursors not be saved; nil when all is well.
    package var error: String? { state.withLock { $0.error } }

    /// The position up to which the log has been trimmed.
    package func logFloor() throws -> Position {
        try database.snapshot().logFloor()
    }

    /// Ends the followers, which takes as long as they take to see that they are cancelled, and saves their cursors. The databases are to be
    /// closed after it.
    package func stop() async {
        database.observePublications(nil)
        await tasks.end()
        for follower in followers { follower.end() }
        // A cursor that isn't saved costs nothing but work that is done again.
        try? await saveCursors()
    }

    var followers: [RunningFollower] { state.withLock { $0.followers } }

    // MARK: - The followers' tasks

    private func run(_ running: RunningFollower) async {
        while !Task.isCancelled, !running.hasEnded {
            do {
                guard let (news, end) = try next(for: running) else {
                    await running.waitForNews()
                    continue
                }
                try await running.work(on: news, through: end)
                if running.savedPosition < end { scheduleSaving() }
            } catch {
                guard !Task.isCancelled else { return }
                await running.waitAfter(error, limits.backoff, on: environment.clock)
            }
        }
    }

    /// What a follower is to be told next, if anything, and the position up to which it then is; nil when it has everything.
    private func next(for running: RunningFollower) throws -> (News?, Position)? {
        let position = running.position
        let remembered: (entries: [LogEntry], end: Position)?? = state.withLock { state in
            guard position >= state.log.start else { return nil }
            guard position < state.log.end else { return .some(nil) }
            return (Array(state.log.entries(after: position)), state.log.end)
        }
        switch remembered {
        case .some(let remembered):
            // Outside the lock, since a follower may read to say what concerns it.
            return remembered.map { remembered in
                let part = Part(of: remembered.entries[...], upTo: remembered.end, for: running.follower)
                return (part.news, part.end)
            }
        case nil:
            let snapshot = database.snapshot()
            guard let entries = try snapshot.changes(after: position, limit: limits.readMaxEntries) else {
                return (.behindFloor(position), try snapshot.logFloor())
            }
            let end = entries.count < limits.readMaxEntries ? snapshot.position : entries.last?.position
            let part = Part(of: entries[...], upTo: end ?? snapshot.position, for: running.follower)
            return (part.news, part.end)
        }
    }

    /// As much of a stretch of the log as a follower is told at once.
    private struct Part {
        var news: News?
        var end: Position

        init(of entries: ArraySlice<LogEntry>, upTo end: Position, for follower: Follower) {
            self.end = end
            var wanted: [LogEntry] = []
            for entry in entries where follower.wants(entry) {
                if wanted.count == follower.entriesMax {
                    self.end = wanted.last?.position ?? end
                    break
                }
                wanted.append(entry)
            }
            news = wanted.isEmpty ? nil : .entries(wanted)
        }
    }

    // MARK: - The dispatcher's task

    private func run() async {
        while !Task.isCancelled {
            do {
                try remember()
                if takeDue(\.savingIsDue) { try await saveCursors() }
                if takeTrimming() { try await trim() }
                state.withLock { $0.error = nil }
            } catch {
                state.withLock { state in
                    state.error = "\(error)"
                    if state.trimmingIsDueAt != nil { state.trimmingIsDueAt = .zero }
                    state.savingIsDue = true
                }
                _ = environment.clock.schedule(after: limits.backoff.firstMilliseconds) { [weak self] in self?.signal.raise() }
            }
            await signal.wait()
        }
    }

    /// Reads what has been published, and offers it to the followers.
    private func remember() throws {
        while true {
            let snapshot = database.snapshot()
            let start = state.withLock { state in
                // Nobody needs to be told what came before the first follower.
                if state.followers.isEmpty { state.log = RememberedLog(at: snapshot.position, entriesMax: limits.rememberedMaxEntries) }
                return state.log.end
            }
            guard snapshot.position > start else { return }
            guard let entries = try snapshot.changes(after: start, limit: limits.readMaxEntries) else {
                let floor = try snapshot.logFloor()
                state.withLock { $0.log = RememberedLog(at: floor, entriesMax: limits.rememberedMaxEntries) }
                continue
            }
            let isRest = entries.count < limits.readMaxEntries
            let end = isRest ? snapshot.position : entries.last?.position ?? snapshot.position
            let followers = state.withLock { state in
                state.log.append(entries, through: end)
                return state.followers
            }
            for follower in followers { follower.offer(entries, after: start, through: end) }
            if followers.contains(where: { $0.savedPosition < end }) { scheduleSaving() }
        }
    }

    private func notePublication() {
        let position = database.snapshot().position
        let isOfInterest = state.withLock { !$0.followers.isEmpty || $0.trimmingIsDueAt.map { position >= $0 } ?? false }
        if isOfInterest { signal.raise() }
    }

    // MARK: - Cursors

    /// Has the cursors saved within the time that they may stay unsaved.
    private func scheduleSaving() {
        let isNeeded = state.withLock { state in
            defer { state.savingIsScheduled = true }
            return !state.savingIsScheduled
        }
        guard isNeeded else { return }
        _ = environment.clock.schedule(after: limits.saveDelayMilliseconds) { [weak self] in
            guard let self else { return }
            self.state.withLock { state in
                state.savingIsScheduled = false
                state.savingIsDue = true
            }
            self.signal.raise()
        }
    }

    /// So many cursors are saved in one commit at most.
    private static let cursorsPerCommit = 1000

    /// Saves all cursors that have moved, those in one database together.
    private func saveCursors() async throws {
        var moved = followers.map { (follower: $0, position: $0.position) }.filter { $0.position > $0.follower.savedPosition }
        while let home = moved.first?.follower.home {
            let together = Array(moved.lazy.filter { $0.follower.home === home }.prefix(Self.cursorsPerCommit))
            let cursors = together.map { (key: $0.follower.cursorKey, position: $0.position) }
            // In the log's own database what is written later is durable later, the trimming included; in another one only a sync tells.
            try await home.commit(home === database ? .relaxed : .synced) { commit in
                for (key, position) in cursors {
                    // A commit that has done the follower's work may have gone further in the meantime.
                    let saved = try commit.get(CommonMaps.followerPosition, key)
                    if saved.map({ $0 < position }) ?? true { commit.put(CommonMaps.followerPosition, key, position) }
                }
            }
            for (follower, position) in together { follower.noteSaved(position) }
            moved.removeAll { $0.follower.home === home && $0.position <= $0.follower.savedPosition }
        }
    }

    // MARK: - Signals

    /// Whether something is due, which it no longer is after that.
    private func takeDue(_ flag: WritableKeyPath<State, Bool>) -> Bool {
        state.withLock { state in
            defer { state[keyPath: flag] = false }
            return state[keyPath: flag]
        }
    }

    /// Whether the log has grown by so much that it is to be trimmed.
    private func takeTrimming() -> Bool {
        let position = database.snapshot().position
        return state.withLock { state in
            guard let dueAt = state.trimmingIsDueAt, position >= dueAt else { return false }
            state.trimmingIsDueAt = Position(position.value + Int64(limits.retainedEntries))
            return true
        }
    }

    private struct State {
        var log: RememberedLog
        var followers: [RunningFollower] = []
        var savingIsScheduled = false
        var savingIsDue = false
        /// The log is trimmed when the database gets there; nil until trimming has begun.
        var trimmingIsDueAt: Position?
        var error: String?
    }
}
