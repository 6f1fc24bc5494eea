import Store

/// What goes on in the background of a life: followers, jobs, intents.
final class Services: Sendable {
    /// The key under which the projection keeps its cursor.
    static let projectionCursor = "rooms/projection"

    private static let backoff = Backoff(firstMilliseconds: 20, maxMilliseconds: 200)

    private let dispatcher: Dispatcher
    private let jobs: Jobs
    private let intents: Intents

    private init(dispatcher: Dispatcher, jobs: Jobs, intents: Intents) {
        self.dispatcher = dispatcher
        self.jobs = jobs
        self.intents = intents
    }

    /// Sets everything going where the life before has left it.
    static func start(in life: Life, outside: Outside) async throws -> Services {
        let (rooms, accounts, transitory) = (life.databases[0], life.databases[1], life.databases[2])
        var limits = FollowingLimits()
        limits.readMaxEntries = 8
        limits.rememberedMaxEntries = 12
        limits.saveDelayMilliseconds = 30
        limits.retainedEntries = 6
        limits.backoff = backoff
        let services = Services(
            dispatcher: Dispatcher(of: rooms, environment: life.environment, limits: limits),
            jobs: Jobs(of: accounts, kinds: [countingJob(life, outside)], environment: life.environment, backoff: backoff),
            intents: Intents(
                of: accounts, kinds: [IntentKind("request", [part(in: rooms, outside), part(in: transitory, outside)])],
                environment: life.environment, backoff: backoff))
        // What fails now is tried again when the database is well; here it is the end of what a life can show.
        do {
            _ = try await services.dispatcher.add(sendingFollower(life, outside))
            _ = try await services.dispatcher.add(projectingFollower(into: accounts, life, outside))
            services.dispatcher.beginTrimming()
            try services.jobs.resume()
            try await services.intents.resume()
        } catch let error as StoreError where life.hasFailed || life.isOver {
            life.trace.note("services", "not started: \(error.isOutcomeUnknown ? "unknown" : "unavailable")")
        }
        return services
    }

    func stop() async {
        await dispatcher.stop()
        await jobs.stop()
        await intents.stop()
    }

    // MARK: - Followers

    /// Sends entries to the world outside, at least once.
    private static func sendingFollower(_ life: Life, _ outside: Outside) -> Follower {
        let model = life.models[0]
        return Follower("sending", beginning: .oldestEntry, entriesMax: 5) { news in
            guard !life.isOver else { return }
            guard case .entries(let entries) = news else {
                return outside.report(Violation("the log was trimmed before a follower had seen it"))
            }
            // Some take longer than it takes until a cursor is saved.
            await life.sleep(15 * entries.count)
            guard !life.isOver else { return }
            do { try outside.send(entries, model) } catch let violation as Violation { outside.report(violation) }
            life.trace.note("sending", "\(entries.count) entries")
        }
    }

    /// Derives something from the entries in another database, exactly once.
    private static func projectingFollower(into target: Database, _ life: Life, _ outside: Outside) -> Follower {
        Follower("projection", into: target, beginning: .oldestEntry, entriesMax: 4) { news, commit in
            guard case .entries(let entries) = news else {
                return outside.report(Violation("the log was trimmed before a follower had seen it"))
            }
            for entry in entries {
                if try commit.contains(SimulationMaps.projection, entry.position) {
                    outside.report(Violation("\(entry.position) is projected twice"))
                }
                commit.put(SimulationMaps.projection, entry.position, try UInt64(encoded: entry.change.key))
            }
        }
    }

    // MARK: - Jobs

    private static func countingJob(_ life: Life, _ outside: Outside) -> JobKind {
        JobKind("counting") { job, commit in
            let step = job.cursor.isEmpty ? 0 : try UInt64(encoded: job.cursor)
            let number = try UInt64(encoded: job.argument)
            if try commit.contains(SimulationMaps.jobSteps, .init(number, step)) {
                outside.report(Violation("step \(step) of job \(number) is done twice"))
            }
            commit.put(SimulationMaps.jobSteps, .init(number, step), Empty())
            job.cursor = (step + 1).encoded
            return try step + 1 == commit.get(SimulationMaps.jobTotals, number) ? .isDone : .goesOn
        }
    }

    /// Starts a job, and waits until it is done or the life is over.
    func count(_ steps: UInt64, in life: Life, outside: Outside) async throws {
        let number = outside.makeNumber()
        let id = try await life.databases[1].commit { [jobs] commit in
            commit.put(SimulationMaps.jobTotals, number, steps)
            return jobs.start("counting", argument: number.encoded, in: commit)
        }
        if !life.isOver { outside.note(job: number, isFinished: false) }
        try await jobs.wait(for: id)
        if !life.isOver { outside.note(job: number, isFinished: true) }
        life.trace.note("job", "\(steps) steps")
    }

    // MARK: - Intents

    private static func part(in target: Database, _ outside: Outside) -> IntentKind.Part {
        IntentKind.Part(in: target) { payload, commit in
            let request = try UInt64(encoded: payload)
            if try commit.contains(SimulationMaps.carriedOut, request) {
                outside.report(Violation("request \(request) is carried out twice"))
            }
            commit.put(SimulationMaps.carriedOut, request, Empty())
        }
    }

    /// Makes a request that spans the databases, and waits until it is carried out or the life is over.
    func request(in life: Life, outside: Outside) async throws {
        let request = outside.makeNumber()
        let id = try await life.databases[1].commit { [intents] commit in
            commit.put(SimulationMaps.requests, request, Empty())
            return intents.begin("request", request.encoded, in: commit)
        }
        if !life.isOver { outside.note(request: request, isFinished: false) }
        try await intents.wait(for: id)
        if !life.isOver { outside.note(request: request, isFinished: true) }
        life.trace.note("request", "\(request)")
    }
}
