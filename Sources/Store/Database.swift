import RocksDB
import Synchronization

/// One logical database: a RocksDB instance with one writer, group commit, and a published state for everybody else.
///
/// Invariants:
/// - Only the writer writes, one commit at a time; so commits are serializable.
/// - What is published has been synced, and its snapshot was taken after the last commit of its group and before the next write.
/// - Commits are answered, and those who wait are woken, only after they are published (a relaxed commit's answer excepted).
package final class Database: Sendable {
    /// What the database consists of.
    package let schema: DatabaseSchema

    private let instance: Instance
    private let families: ColumnFamilies
    private let environment: Environment
    private let notifier: Notifier
    private let writer: any SerialWorker
    private let flusher: any SerialWorker
    private let counters: WriterCounters
    /// How many commits have been handed over and not begun.
    private let waitingCommits = Atomic<Int>(0)
    private let group: Mutex<Group>
    private let publishedState: Mutex<PublishedSnapshot>

    /// For how long a relaxed commit may stay unpublished, in milliseconds.
    private static let relaxedDelayMilliseconds: Int64 = 10

    /// So much memory's worth of writes is left to the log when the database closes; empty memory counts too, by some kilobytes for each map.
    private static let keptInLogMaxBytes: UInt64 = 4 << 20
    /// From so many commits on, a group is synced although more are waiting to join it.
    private static let groupAnswersMax = 64

    /// Opens the database in `directory`, which is made if it isn't there.
    ///
    /// - Throws: `StoreError` when what is there doesn't fit the schema or belongs to another server; then nothing is touched.
    package init(
        schema: DatabaseSchema, directory: String, serverName: String, blockCache: BlockCache, environment: Environment, notifier: Notifier
    ) throws {
        self.schema = schema
        self.environment = environment
        self.notifier = notifier
        instance = try InstanceOpening.open(schema, at: directory, serverName: serverName, blockCache: blockCache)
        families = try ColumnFamilies(of: schema, in: instance)
        counters = try WriterCounters(instance: instance, global: families[CommonMaps.global.map], now: environment.clock.now())
        let published = PublishedSnapshot(
            position: counters.position, instance: instance, families: families, snapshot: instance.makeSnapshot())
        publishedState = Mutex(published)
        group = Mutex(Group(position: counters.position))
        writer = environment.executors.makeWorker()
        flusher = environment.executors.makeWorker()
    }

    /// The newest published state.
    package func snapshot() -> PublishedSnapshot {
        publishedState.withLock { $0 }
    }

    /// Runs `body` alone on the writer and makes what it writes durable, all of it or, when it throws, nothing.
    ///
    /// The answer comes when everything that the body has seen and written is on the disk and published. Cancelling the task that
    /// waits doesn't cancel the commit.
    ///
    /// - Throws: what `body` throws; `StoreError` when the write or the sync failed.
    package func commit<Result: Sendable>(
        _ durability: Durability = .synced, _ body: @escaping @Sendable (Commit) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            waitingCommits.add(1, ordering: .sequentiallyConsistent)
            let isTaken = writer.enqueue { self.run(body, durability) { continuation.resume(with: $0) } }
            if !isTaken {
                waitingCommits.subtract(1, ordering: .sequentiallyConsistent)
                continuation.resume(throwing: StoreError.closed)
            }
        }
    }

    /// Finishes every commit that was handed over, relaxed ones included, and ends the writer and the flusher. Later commits
    /// throw `StoreError.closed`; reading goes on to work. The directory can be opened again when this object, its snapshots and
    /// their walks are gone.
    package func close() {
        writer.shutDown()
        flusher.enqueue { self.flush() }
        flusher.shutDown()
        writeTables()
    }

    /// Writes what is in memory to tables when it is much, so that the next start has little of the log to read. A failure costs nothing: the log
    /// has it all.
    private func writeTables() {
        let inMemory = families.all.reduce(0) { $0 + (instance.integerProperty("rocksdb.cur-size-active-mem-table", in: $1) ?? 0) }
        guard inMemory > Self.keptInLogMaxBytes else { return }
        for family in families.all { try? instance.flush(family) }
    }

    /// Writes what is in memory to tables, and waits until that is done.
    ///
    /// - Throws: `StoreError` when it fails; nothing is lost then, since the log has it all.
    package func flushTables() throws {
        do throws(RocksDBError) {
            for map in schema.maps { try instance.flush(families[map]) }
        } catch {
            throw StoreError.rocksDB(error)
        }
    }

    /// Merges each map's tables, and waits until that is done.
    package func compactTables() {
        for map in schema.maps { instance.compact(families[map]) }
    }

    // MARK: - The writer

    private func run<Result: Sendable>(
        _ body: (Commit) throws -> Result, _ durability: Durability, _ answer: @escaping @Sendable (Swift.Result<Result, any Error>) -> Void
    ) {
        waitingCommits.subtract(1, ordering: .sequentiallyConsistent)
        defer { flushIfDue() }
        let commit: Commit
        let outcome: Swift.Result<Result, any Error>
        do {
            try group.withLock { if let failure = $0.failure { throw failure } }
            try counters.reserve(in: instance, families[CommonMaps.global.map])
            commit = Commit(
                instance: instance, families: families, time: environment.clock.now(), position: counters.position,
                lastShortID: counters.shortID)
            outcome = Swift.Result(catching: { try body(commit) })
            if case .success = outcome { try accept(commit) }
        } catch {
            return answer(.failure(error))
        }
        if durability == .relaxed, case .success = outcome {
            answer(outcome)
            scheduleFlush(after: Self.relaxedDelayMilliseconds)
        } else {
            // A refusal waits too: what it is based on may not be on the disk yet.
            group.withLock { $0.answers.append { failure in answer(failure.map { .failure($0) } ?? outcome) } }
        }
    }

    /// Writes what a commit has put, and makes it a part of what is published next.
    private func accept(_ commit: Commit) throws {
        let overlay = commit.overlay
        let writes = max(overlay.writeCount, Int(commit.lastShortID - counters.shortID))
        guard writes <= Commit.writesMax, overlay.byteCount <= Commit.bytesMax else {
            throw StoreError.commitTooLarge(writes: writes, bytes: overlay.byteCount)
        }
        let batch = WriteBatch()
        overlay.write(to: batch) { families[$0] }
        try group.withLock { group in
            if !overlay.isEmpty {
                do throws(RocksDBError) {
                    try instance.write(batch, sync: false)
                } catch {
                    group.failure = .rocksDB(error)
                    throw StoreError.rocksDB(error)
                }
                group.isDirty = true
            }
            group.position = commit.position
            group.changedScopes.formUnion(commit.changedScopes)
            group.publicationActions += commit.publicationActions
        }
        counters.advance(to: commit.position, shortID: commit.lastShortID)
    }

    // MARK: - The flusher

    /// Has the group synced when nobody else is about to join it, or when it is large enough.
    private func flushIfDue() {
        let isLast = waitingCommits.load(ordering: .sequentiallyConsistent) == 0
        let isDue = group.withLock { !$0.answers.isEmpty && (isLast || $0.answers.count >= Self.groupAnswersMax) }
        if isDue { scheduleFlush(after: 0) }
    }

    private func scheduleFlush(after milliseconds: Int64) {
        let isNeeded = group.withLock { group in
            if milliseconds == 0 {
                defer { group.flushIsQueued = true }
                return !group.flushIsQueued
            }
            defer { group.flushIsTimed = true }
            return !group.flushIsQueued && !group.flushIsTimed
        }
        guard isNeeded else { return }
        if milliseconds == 0 {
            flusher.enqueue { self.flush() }
        } else {
            // A timer must not keep a closed database's directory from being opened again.
            _ = environment.clock.schedule(after: milliseconds) { [weak self] in self?.scheduleFlush(after: 0) }
        }
    }

    /// Syncs what has been written so far, publishes it, answers its commits, and wakes who waits for it.
    private func flush() {
        let (sealed, next) = group.withLock { group in
            let sealed = group
            let snapshot = group.isDirty && group.failure == nil ? instance.makeSnapshot() : nil
            group = Group(position: group.position, failure: group.failure)
            return (
                sealed,
                snapshot.map { PublishedSnapshot(position: sealed.position, instance: instance, families: families, snapshot: $0) }
            )
        }
        var failure = sealed.failure
        if failure == nil, var next {
            do throws(RocksDBError) {
                try instance.flushWAL(sync: true)
                // The state before is let go outside of the lock, since that takes RocksDB's own.
                publishedState.withLock { swap(&$0, &next) }
            } catch {
                failure = .rocksDB(error)
                group.withLock { $0.failure = failure }
            }
        }
        if failure == nil {
            for action in sealed.publicationActions { action() }
        }
        // Whoever waits for an answer has work to do; waking the others can take a while.
        for answer in sealed.answers { answer(failure) }
        if failure == nil { notifier.wake(sealed.changedScopes) }
    }

    /// What has been written, or only answered, since the last flush began.
    private struct Group: Sendable {
        var position: Position
        /// Why nothing can be written any more.
        var failure: StoreError?
        var answers: [@Sendable (StoreError?) -> Void] = []
        var changedScopes: Set<Scope> = []
        var publicationActions: [@Sendable () -> Void] = []
        var isDirty = false
        var flushIsQueued = false
        var flushIsTimed = false
    }
}
