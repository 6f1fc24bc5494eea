/// A database's jobs: work that is too much for one commit, and goes on after a restart.
///
/// Invariants:
/// - A job is started by a commit, and is there if and only if that is.
/// - Each step of a job is one commit that has the job's cursor in it too; so no step is done twice or left out, whatever fails.
/// - A few jobs at most have a step under way, in turn; between two steps of a job other commits get theirs.
package final class Jobs: Sendable {
    private let database: Database
    private let kinds: [String: JobKind]
    private let queue: WorkQueue<JobID>

    /// So many jobs have a step under way at most.
    private static let atOnceMax = 4

    /// - Parameter kinds: what jobs there can be. Jobs of other kinds, which another version of the program has left, stay as they are.
    package init(of database: Database, kinds: [JobKind], environment: Environment, backoff: Backoff = Backoff()) {
        let kinds = Dictionary(uniqueKeysWithValues: kinds.map { ($0.name, $0) })
        self.database = database
        self.kinds = kinds
        queue = WorkQueue(environment: environment, backoff: backoff, atOnceMax: Self.atOnceMax) { id in
            try await Self.step(of: id, kinds, database)
        }
        database.onReopening { [weak self] in self?.goOnAfterReopening() }
    }

    /// Goes on with the jobs that the last run of the program has left.
    package func resume() throws {
        for status in try all() where status.isKnown { queue.add(status.id) }
    }

    /// Starts a job when the commit is published. Its kind is one of those that were declared.
    ///
    /// - Parameters:
    ///   - argument: what it is about, in the form that its kind has.
    ///   - total: how much there is to do, if that is known.
    package func start(_ kind: String, argument: [UInt8], total: UInt64? = nil, in commit: Commit) -> JobID {
        precondition(kinds[kind] != nil, "no job is a \(kind)")
        let id = commit.makeShortID(JobID.self)
        commit.put(CommonMaps.jobs, id, Job(kind: kind, argument: argument, startedAt: commit.time, total: total))
        commit.onPublication { [queue] in queue.add(id) }
        return id
    }

    /// Waits until a job is done or cancelled, one that a synced commit has started.
    ///
    /// - Throws: what its last step has thrown, when that has failed and will be tried again; `StoreError.closed` when the jobs are stopped before;
    ///   `CancellationError`.
    package func wait(for id: JobID) async throws {
        try await queue.wait(for: id)
    }

    /// Takes a job back. The steps that are done stay done.
    package func cancel(_ id: JobID) async throws {
        try await database.commit { $0.delete(CommonMaps.jobs, id) }
        queue.remove(id)
    }

    /// The jobs that aren't done, in the order in which they were started.
    package func all() throws -> [JobStatus] {
        var jobs = try database.snapshot().domain(CommonMaps.jobs, .all)
        return try jobs.collect().map { JobStatus(id: $0.key, job: $0.value, isKnown: kinds[$0.value.kind] != nil) }
    }

    /// Ends when the steps are done that are under way; the jobs go on at the next start. The database is to be closed after it.
    package func stop() async {
        await queue.end()
    }

    /// What failed with the database goes on at once, and so do jobs of commits whose outcome was unknown.
    private func goOnAfterReopening() {
        queue.perform { [self] in
            // When reading fails, the database is opened once more.
            try? resume()
            queue.retryAll()
        }
    }

    private static func step(of id: JobID, _ kinds: [String: JobKind], _ database: Database) async throws -> WorkQueue<JobID>.Turn {
        do {
            return try await database.commit { commit in
                guard var job = try commit.get(CommonMaps.jobs, id), let kind = kinds[job.kind] else { return .isDone }
                guard case .goesOn = try kind.step(&job, commit) else {
                    commit.delete(CommonMaps.jobs, id)
                    return .isDone
                }
                job.failures = 0
                job.error = nil
                commit.put(CommonMaps.jobs, id, job)
                return .goesOn
            }
        } catch {
            // So that it is seen. When it can't be written, the step's own failure says as much.
            try? await database.commit(.relaxed) { commit in
                guard var job = try commit.get(CommonMaps.jobs, id) else { return }
                job.failures += 1
                job.error = "\(error)"
                commit.put(CommonMaps.jobs, id, job)
            }
            throw error
        }
    }
}

/// How a job is getting on.
package struct JobStatus: Sendable, Hashable {
    package let id: JobID
    package let job: Job
    /// Whether this program knows what to do; otherwise the job stays until one does.
    package let isKnown: Bool
}
