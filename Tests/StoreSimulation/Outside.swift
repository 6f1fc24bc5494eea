import Store
import Synchronization

/// What the world outside the databases knows, which no crash takes back.
final class Outside: Sendable {
    private let state = Mutex(State())

    private struct State {
        /// How many entries of the log of `rooms` were sent.
        var sentCount = 0
        var lastNumber: UInt64 = 0
        var knownJobs: Set<UInt64> = []
        var finishedJobs: Set<UInt64> = []
        var knownRequests: Set<UInt64> = []
        var finishedRequests: Set<UInt64> = []
        var violation: Violation?
    }

    /// Sends entries of the log of `rooms`.
    func send(_ entries: [LogEntry], _ model: DatabaseModel) throws {
        try state.withLock { $0.sentCount = try model.follow(entries, told: $0.sentCount) }
    }

    /// The number of a job or a request.
    func makeNumber() -> UInt64 {
        state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
    }

    func note(job: UInt64, isFinished: Bool) {
        state.withLock { state in
            state.knownJobs.insert(job)
            if isFinished { state.finishedJobs.insert(job) }
        }
    }

    func note(request: UInt64, isFinished: Bool) {
        state.withLock { state in
            state.knownRequests.insert(request)
            if isFinished { state.finishedRequests.insert(request) }
        }
    }

    /// Something is wrong in work that is tried again when it throws.
    func report(_ violation: Violation) {
        state.withLock { $0.violation = $0.violation ?? violation }
    }

    func throwReported() throws {
        if let violation = state.withLock({ $0.violation }) { throw violation }
    }

    // MARK: - Comparisons with databases that were opened

    /// Compares what is derived across the databases.
    func check(rooms: PublishedSnapshot, _ model: PublishedModel, accounts: PublishedSnapshot, transitory: PublishedSnapshot) throws {
        try checkProjection(in: accounts, of: model)
        try checkJobs(in: accounts)
        try checkRequests(in: accounts, parts: [rooms, transitory])
    }

    private func checkProjection(in accounts: PublishedSnapshot, of model: PublishedModel) throws {
        var walk = try accounts.domain(SimulationMaps.projection, .all)
        let found = try walk.collect().map { [UInt64(bitPattern: $0.key.value), $0.value] }
        let cursor = try accounts.get(CommonMaps.followerPosition, Services.projectionCursor) ?? Position(0)
        let expected = model.stamps.filter { $0.position <= cursor }.map { [UInt64(bitPattern: $0.position.value), $0.number] }
        guard found == expected else {
            throw Violation("the projection of rooms up to \(cursor) has \(found.count) entries instead of \(expected.count)")
        }
    }

    private func checkJobs(in accounts: PublishedSnapshot) throws {
        var walk = try accounts.domain(SimulationMaps.jobTotals, .all)
        let totals = try walk.collect()
        let (known, finished) = state.withLock { ($0.knownJobs, $0.finishedJobs) }
        guard known.isSubset(of: totals.map(\.key)) else { throw Violation("a job is gone") }
        var walkOfJobs = try accounts.domain(CommonMaps.jobs, .all)
        let jobs = try Dictionary(uniqueKeysWithValues: walkOfJobs.collect().map { (try UInt64(encoded: $0.value.argument), $0.value) })
        for (number, total) in totals {
            var steps = try accounts.domain(SimulationMaps.jobSteps, .fixed(number))
            let done = try UInt64(steps.collect().count)
            let expected = try jobs[number].map { $0.cursor.isEmpty ? 0 : try UInt64(encoded: $0.cursor) } ?? total
            guard done == expected else { throw Violation("job \(number) has done \(done) steps instead of \(expected)") }
            guard jobs[number] == nil || !finished.contains(number) else { throw Violation("job \(number) was finished, and isn't") }
        }
    }

    private func checkRequests(in accounts: PublishedSnapshot, parts: [PublishedSnapshot]) throws {
        var walk = try accounts.domain(SimulationMaps.requests, .all)
        let requests = Set(try walk.collect().map(\.key))
        let (known, finished) = state.withLock { ($0.knownRequests, $0.finishedRequests) }
        guard known.isSubset(of: requests) else { throw Violation("a request is gone") }
        var intents = try accounts.domain(CommonMaps.intents, .all)
        let pending = Set(try intents.collect().map { try UInt64(encoded: $0.value.payload) })
        for part in parts {
            var walk = try part.domain(SimulationMaps.carriedOut, .all)
            let carriedOut = Set(try walk.collect().map(\.key))
            guard carriedOut.isSubset(of: requests) else { throw Violation("what nobody has requested was carried out") }
            guard finished.isSubset(of: carriedOut) else { throw Violation("a request was answered and isn't carried out") }
            guard requests.subtracting(carriedOut).isSubset(of: pending) else { throw Violation("a request will never be carried out") }
        }
    }
}
