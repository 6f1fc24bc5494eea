import RocksDB
import Synchronization

/// One logical database: a RocksDB instance with one writer, group commit, and a published state for everybody else.
///
/// Invariants:
/// - Only the writer writes, one commit at a time; so commits are serializable.
/// - What is published has been synced, and its snapshot was taken after the last commit of its group and before the next write.
/// - Commits are answered, and those who wait are woken, only after they are published (a relaxed commit's answer excepted).
/// - A commit's write and its answer go into the same group, so an answer tells what became of the write.
/// - After a failed write nothing more is written to the instance, or published from it; see Database+Failing.swift.
package final class Database: Sendable {
    /// What the database consists of.
    package let schema: DatabaseSchema

    let opening: InstanceOpening
    let environment: Environment
    let notifier: Notifier
    let writer: any SerialWorker
    let flusher: any SerialWorker
    /// How many commits have been handed over and not begun.
    private let waitingCommits = Atomic<Int>(0)
    let group: Mutex<CommitGroup>
    let published: PublishedState
    /// How much the disk has to take before the database is opened again.
    let probeBytes: Int
    let holding = Mutex(WriterHold())
    let reopeningActions = Mutex<[@Sendable () -> Void]>([])
    private let publicationObserver = Mutex<PublicationObserver?>(nil)

    /// For how long a relaxed commit may stay unpublished, in milliseconds.
    private static let relaxedDelayMilliseconds: Int64 = 10
    /// So much memory's worth of writes is left to the log when the database closes; empty memory counts too, by some kilobytes for each map.
    private static let keptInLogMaxBytes: UInt64 = 4 << 20
    /// From so many commits on, a group is synced although more are waiting to join it.
    private static let groupAnswersMax = 64

    /// Opens the database in `directory`, which is made if it isn't there.
    ///
    /// - Parameters:
    ///   - isPrepared: whether `DatabasePreparation` has just seen to the directory; otherwise it is checked first.
    ///   - probeBytes: how much is written to the disk, after a write has failed, to see whether it takes writes again; by default as much
    ///     as the database may hold in memory.
    /// - Throws: `StoreError` when what is there doesn't fit the schema or belongs to another server; then nothing is touched.
    package init(
        schema: DatabaseSchema, directory: String, serverName: String, blockCache: BlockCache, environment: Environment, notifier: Notifier,
        isPrepared: Bool = false, probeBytes: Int? = nil
    ) throws {
        self.schema = schema
        self.environment = environment
        self.notifier = notifier
        self.probeBytes = probeBytes ?? InstanceOpening.writeBufferBytes
        opening = InstanceOpening(
            schema: schema, directory: directory, serverName: serverName, blockCache: blockCache, random: environment.random)
        let opened = try opening.open(isPrepared: isPrepared)
        let (target, position) = try WriteTarget.begin(opened, in: directory, now: environment.clock.now())
        published = PublishedState(PublishedSnapshot(position: position, of: opened))
        group = Mutex(CommitGroup(target: target, position: position))
        writer = environment.executors.makeWorker()
        flusher = environment.executors.makeWorker()
    }

    /// The newest published state.
    package func snapshot() -> PublishedSnapshot {
        published.current()
    }

    /// Has `observer` called after each publication, an opening after a failure among them, in place of the one before. It must be quick, and must not hold the database.
    func observePublications(_ observer: (@Sendable () -> Void)?) {
        publicationObserver.withLock { $0 = observer.map(PublicationObserver.init) }
    }

    /// Tells the observer of a publication.
    func notePublication() {
        publicationObserver.withLock { $0 }?.notify()
    }

    /// A mutex of a bare function would wrap it once more at each access.
    private struct PublicationObserver: Sendable {
        let notify: @Sendable () -> Void
    }

    /// Runs `body` alone on the writer and makes what it writes durable, all of it or, when it throws, nothing.
    ///
    /// The answer comes when everything that the body has seen and written is on the disk and published. Cancelling the task that
    /// waits doesn't cancel the commit.
    ///
    /// - Throws: what `body` throws; `StoreError.outcomeUnknown` when the write or the sync failed, `StoreError.unavailable` while the
    ///   database can't write.
    package func commit<Result: Sendable>(
        _ durability: Durability = .synced, _ body: @escaping @Sendable (Commit) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            waitingCommits.add(1, ordering: .sequentiallyConsistent)
            enqueue(
                WriterJob {
                    self.run(body, durability) { continuation.resume(with: $0) }
                } refuse: { error in
                    self.waitingCommits.subtract(1, ordering: .sequentiallyConsistent)
                    continuation.resume(throwing: error)
                })
        }
    }

    /// Has the writer run a job after those that came before; when the database is held, once that is over.
    func enqueue(_ job: WriterJob) {
        let isTaken = writer.enqueue {
            if !self.holding.withLock({ $0.keep(job) }) { job.run() }
        }
        if !isTaken { job.refuse(.closed) }
    }

    /// Finishes every commit that was handed over, relaxed ones included, and ends the writer and the flusher. Later commits
    /// throw `StoreError.closed`, as do those that wait because the database is held; reading goes on to work. The directory can be
    /// opened again when this object, its snapshots and their walks are gone.
    package func close() {
        writer.shutDown()
        for job in holding.withLock({ $0.abandon() }) { job.refuse(.closed) }
        flusher.enqueue { self.flush() }
        flusher.shutDown()
        writeTables()
        guard case .open(let opened, _, let mark) = group.withLock({ $0.target }) else { return }
        mark.lookAtLogs()
        mark.note(opened.instance.latestSequenceNumber)
    }

    /// Writes what is in memory to tables when it is much, so that the next start has little of the log to read. A failure costs nothing: the log
    /// has it all.
    private func writeTables() {
        // After a failed write, memory holds what may not be in the log.
        guard let opened = try? openInstance() else { return }
        let (instance, families) = (opened.instance, opened.families.all)
        let inMemory = families.reduce(0) { $0 + (instance.integerProperty("rocksdb.cur-size-active-mem-table", in: $1) ?? 0) }
        guard inMemory > Self.keptInLogMaxBytes else { return }
        for family in families { try? instance.flush(family) }
    }

    /// Writes what is in memory to tables, and waits until that is done.
    ///
    /// - Throws: `StoreError` when it fails; nothing is lost then, since the log has it all.
    package func flushTables() throws(StoreError) {
        let opened = try openInstance()
        for map in schema.maps { try flushTable(of: map, in: opened) }
    }

    private func flushTable(of map: MapDescriptor, in opened: OpenInstance) throws(StoreError) {
        do throws(RocksDBError) {
            try opened.instance.flush(opened.families[map])
        } catch {
            // RocksDB takes no write after that.
            fail(error, of: opened)
            throw .rocksDB(error)
        }
    }

    /// Merges each map's tables, and waits until that is done.
    package func compactTables() throws(StoreError) {
        for map in schema.maps { try compactTables(of: map) }
    }

    /// Merges a map's tables, and waits until that is done.
    ///
    /// - Throws: `StoreError` when that fails.
    package func compactTables(of map: MapDescriptor) throws(StoreError) {
        let opened = try openInstance()
        // Merging would do this by itself, but keep to itself that it has failed; and RocksDB ends the process at the next attempt.
        try flushTable(of: map, in: opened)
        opened.instance.compact(opened.families[map])
        if let error = opened.instance.failure {
            fail(error, of: opened)
            throw .unavailable("the tables of \(map.name) could not be merged: \(error)")
        }
    }

    /// The instance, for one operation: it is exchanged after a failed write, as soon as nobody holds it.
    ///
    /// - Throws: `StoreError.unavailable` while the database can't write.
    func openInstance() throws(StoreError) -> OpenInstance {
        try group.withLock { group throws(StoreError) in try group.target.get().0 }
    }

    // MARK: - The writer

    private func run<Result: Sendable>(
        _ body: (Commit) throws -> Result, _ durability: Durability, _ answer: @escaping @Sendable (Swift.Result<Result, any Error>) -> Void
    ) {
        waitingCommits.subtract(1, ordering: .sequentiallyConsistent)
        defer { flushIfDue() }
        do {
            let (opened, counters) = try writeTarget()
            let commit = Commit(opened, time: environment.clock.now(), position: counters.position, lastShortID: counters.shortID)
            let outcome: Swift.Result<Result, any Error>
            var batch: WriteBatch?
            do {
                let result = try body(commit)
                batch = try makeBatch(of: commit, counters, in: opened)
                outcome = .success(result)
            } catch {
                outcome = .failure(error)
            }
            if durability == .relaxed, batch != nil {
                try accept(commit, batch, in: opened, answer: nil)
                answer(outcome)
                scheduleFlush(after: Self.relaxedDelayMilliseconds)
            } else {
                // A refusal waits too: what it is based on may not be on the disk yet.
                try accept(commit, batch, in: opened) { failure in answer(failure.map { .failure($0) } ?? outcome) }
            }
            if batch != nil { counters.advance(to: commit.position, shortID: commit.lastShortID) }
        } catch {
            answer(.failure(error))
        }
    }

    /// The open instance, and what the next commit takes its numbers from.
    private func writeTarget() throws(StoreError) -> (OpenInstance, WriterCounters) {
        let (opened, counters) = try group.withLock { group throws(StoreError) in try group.target.get() }
        do {
            try counters.reserve(in: opened)
        } catch {
            fail(error, of: opened)
            throw .unavailable("\(error)")
        }
        return (opened, counters)
    }

    private func makeBatch(of commit: Commit, _ counters: WriterCounters, in opened: OpenInstance) throws(StoreError) -> WriteBatch {
        let overlay = commit.overlay
        let writes = max(
            overlay.writeCount, Int(commit.lastShortID - counters.shortID), Int(commit.position.value - counters.position.value))
        guard writes <= Commit.writesMax, overlay.byteCount <= Commit.bytesMax else {
            throw .commitTooLarge(writes: writes, bytes: overlay.byteCount)
        }
        let batch = WriteBatch()
        overlay.write(to: batch) { opened.families[$0] }
        return batch
    }

    /// Writes what a commit has put, and makes it and its answer a part of what is published next.
    ///
    /// - Parameter batch: nil when the commit was refused.
    private func accept(
        _ commit: Commit, _ batch: WriteBatch?, in opened: OpenInstance, answer: (@Sendable (StoreError?) -> Void)?
    ) throws(StoreError) {
        let failure: StoreError? = group.withLock { group in
            // A sync may have failed while the commit ran.
            if case .failing(_, let reason) = group.target { return .unavailable(reason) }
            if let batch {
                do throws(RocksDBError) {
                    if !commit.overlay.isEmpty { try opened.instance.write(batch, sync: false) }
                } catch {
                    group.target = .failing(since: environment.clock.now(), reason: "\(error)")
                    return .outcomeUnknown("\(error)")
                }
                group.isDirty = group.isDirty || !commit.overlay.isEmpty
                group.position = commit.position
                group.changedScopes.formUnion(commit.changedScopes)
                group.publicationActions += commit.publicationActions
            }
            if let answer { group.answers.append(answer) }
            return nil
        }
        guard let failure else { return }
        if case .outcomeUnknown = failure { startProbing() }
        throw failure
    }

    // MARK: - The flusher

    /// Has the group synced when nobody else is about to join it, or when it is large enough.
    private func flushIfDue() {
        let isLast = waitingCommits.load(ordering: .sequentiallyConsistent) == 0
        let isDue = group.withLock { !$0.answers.isEmpty && (isLast || $0.answers.count >= Self.groupAnswersMax) }
        if isDue { scheduleFlush(after: 0) }
    }

    func scheduleFlush(after milliseconds: Int64) {
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
            var sealed = group
            group = CommitGroup(target: group.target, position: group.position)
            guard sealed.isDirty, case .open(let opened, _, _) = sealed.target else { return (sealed, PublishedSnapshot?.none) }
            sealed.sequence = opened.instance.latestSequenceNumber
            return (sealed, PublishedSnapshot(position: sealed.position, of: opened))
        }
        let failure = sync(sealed, next)
        if failure == nil {
            for action in sealed.publicationActions { action() }
        }
        // Whoever waits for an answer has work to do; waking the others can take a while.
        for answer in sealed.answers { answer(failure) }
        if failure == nil {
            notifier.wake(sealed.changedScopes)
            notePublication()
            if case .open(let opened, _, _) = sealed.target { checkBackground(of: opened) }
        }
    }

    /// Puts on the disk what the group's commits have written, and publishes it.
    ///
    /// - Returns: why not.
    private func sync(_ sealed: CommitGroup, _ next: PublishedSnapshot?) -> StoreError? {
        switch sealed.target {
        case .failing(_, let reason):
            return .outcomeUnknown(reason)
        case .open(let opened, _, let mark):
            guard let next else { return nil }
            mark.lookAtLogs(now: environment.clock.now())
            do throws(RocksDBError) {
                try opened.instance.flushWAL(sync: true)
            } catch {
                fail(error, of: opened)
                return .outcomeUnknown("\(error)")
            }
            mark.note(sealed.sequence)
            // Whoever reads the new state has to find them.
            opened.recentScopes.note(sealed.changedScopes, at: sealed.position)
            published.publish(next)
            return nil
        }
    }
}
