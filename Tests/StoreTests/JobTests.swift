import Store
import StoreTestSupport
import Testing

/// Jobs take their steps exactly once each, whenever the process ends.
@Suite struct JobTests {
    private let seeded = SeededEnvironment(seed: 1)
    private let store: TestStore

    init() throws {
        store = try TestStore(environment: seeded.environment)
    }

    /// Counts up to its argument, and keeps a mark for each step.
    private static let counting = JobKind("counting", step: count)

    private static func count(_ job: inout Job, _ commit: Commit) throws -> JobKind.Step {
        let mark = job.done + 1
        commit.put(TestMaps.numbers, mark, try (commit.get(TestMaps.numbers, mark) ?? 0) + 1)
        job.done = mark
        job.cursor = [UInt8(mark)]
        return mark == UInt64(job.argument[0]) ? .isDone : .goesOn
    }

    private func marks(_ database: Database) throws -> [UInt64: UInt64] {
        var walk = try database.snapshot().domain(TestMaps.numbers, .all)
        return try Dictionary(uniqueKeysWithValues: walk.collect().map { ($0.key, $0.value) })
    }

    private static let tenMarks = Dictionary(uniqueKeysWithValues: (1...10 as ClosedRange<UInt64>).map { ($0, 1 as UInt64) })

    @Test func takesItsStepsAndIsGone() throws {
        let database = try store.open()
        try seeded.run { [self] in
            let jobs = Jobs(of: database, kinds: [Self.counting], environment: seeded.environment)
            let id = try await database.commit { jobs.start("counting", argument: [10], total: 10, in: $0) }
            try await jobs.wait(for: id)
            #expect(try marks(database) == Self.tenMarks)
            #expect(try jobs.all().isEmpty)
            // Who waits for what is done is answered at once.
            try await jobs.wait(for: id)
            await jobs.stop()
        }
        database.close()
    }

    @Test func isThereOnlyWithItsCommit() throws {
        let database = try store.open()
        try seeded.run { [self] in
            let jobs = Jobs(of: database, kinds: [Self.counting], environment: seeded.environment)
            await #expect(throws: StoreError.self) {
                try await database.commit { commit in
                    _ = jobs.start("counting", argument: [10], in: commit)
                    throw StoreError.closed
                }
            }
            try await seeded.clock.sleep(milliseconds: 100)
            #expect(try jobs.all().isEmpty)
            #expect(try marks(database).isEmpty)
            await jobs.stop()
        }
        database.close()
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func goesOnAfterACrashAtAnyPoint(seed: UInt64) throws {
        let seeded = SeededEnvironment(seed: seed)
        let store = try TestStore(environment: seeded.environment)
        let database = try store.open()
        let points = try CrashPoints.during([store.path], on: seeded) {
            let jobs = Jobs(of: database, kinds: [Self.counting], environment: seeded.environment)
            let id = try await database.commit { jobs.start("counting", argument: [10], in: $0) }
            try await jobs.wait(for: id)
            await jobs.stop()
        }
        database.close()
        let progress = Shared<Set<UInt64>>([])
        for (number, files) in points.enumerated() {
            let path = store.path(of: "\(number)")
            try files[0].write(to: path)
            let database = try store.open(at: path)
            try seeded.run {
                let jobs = Jobs(of: database, kinds: [Self.counting], environment: seeded.environment)
                let left = try jobs.all()
                let isBegun = try !left.isEmpty || !marks(database).isEmpty
                progress.change { $0.formUnion(left.map(\.job.done)) }
                try jobs.resume()
                for status in left { try await jobs.wait(for: status.id) }
                #expect(try marks(database) == (isBegun ? Self.tenMarks : [:]))
                #expect(try jobs.all().isEmpty)
                await jobs.stop()
            }
            database.close()
        }
        // The crashes came between many different steps.
        #expect(progress.value.count > 3)
    }

    @Test func isStoppedBetweenSteps() throws {
        for stoppedAfter in 1...9 as ClosedRange<UInt64> {
            let store = try TestStore(environment: seeded.environment)
            let database = try store.open()
            try seeded.run { [self] in
                let slow = JobKind("counting") { job, commit in
                    // Nothing goes on from here, as when the process ends.
                    if job.done == stoppedAfter { throw StoreError.closed }
                    return try Self.count(&job, commit)
                }
                let jobs = Jobs(of: database, kinds: [slow], environment: seeded.environment)
                let id = try await database.commit { jobs.start("counting", argument: [10], in: $0) }
                await #expect(throws: StoreError.self) { try await jobs.wait(for: id) }
                await jobs.stop()
                let later = Jobs(of: database, kinds: [Self.counting], environment: seeded.environment)
                #expect(try later.all().map(\.job.done) == [stoppedAfter])
                #expect(try later.all().map(\.job.cursor) == [[UInt8(stoppedAfter)]])
                try later.resume()
                try await later.wait(for: id)
                #expect(try marks(database) == Self.tenMarks)
                await later.stop()
            }
            database.close()
        }
    }

    @Test func isTriedAgainLaterWhileOthersGoOn() throws {
        let database = try store.open()
        try seeded.run { [self, clock = seeded.clock] in
            let attempts = Shared<[Int64]>([])
            let start = clock.now()
            let broken = JobKind("broken") { job, commit in
                attempts.change { $0.append(clock.now() - start) }
                commit.put(TestMaps.texts, "broken", "half")
                if attempts.value.count < 4 { throw Broken() }
                return .isDone
            }
            let jobs = Jobs(of: database, kinds: [Self.counting, broken], environment: seeded.environment)
            let ids = try await database.commit { commit in
                [jobs.start("broken", argument: [], in: commit), jobs.start("counting", argument: [10], in: commit)]
            }
            try await jobs.wait(for: ids[1])
            await #expect(throws: Broken.self) { try await jobs.wait(for: ids[0]) }
            try await clock.sleep(milliseconds: 100)
            #expect(try database.snapshot().get(TestMaps.texts, "broken") == nil)
            let status = try #require(try jobs.all().first)
            #expect(status.id == ids[0])
            #expect(status.job.failures == 1)
            #expect(status.job.error == "Broken()")
            #expect(status.job.startedAt == start)
            try await clock.sleep(milliseconds: 10_000)
            #expect(attempts.value == [0, 1000, 3000, 7000])
            #expect(try jobs.all().isEmpty)
            #expect(try database.snapshot().get(TestMaps.texts, "broken") == "half")
            await jobs.stop()
        }
        database.close()
    }

    @Test func staysWhenItsKindIsUnknown() throws {
        let database = try store.open()
        try seeded.run { [self] in
            let jobs = Jobs(of: database, kinds: [Self.counting], environment: seeded.environment)
            let id = try await database.commit { jobs.start("counting", argument: [3], in: $0) }
            await jobs.stop()
            let strangers = Jobs(of: database, kinds: [], environment: seeded.environment)
            try strangers.resume()
            try await seeded.clock.sleep(milliseconds: 100)
            #expect(try strangers.all().map(\.isKnown) == [false])
            #expect(try strangers.all().map(\.id) == [id])
            await strangers.stop()
        }
        database.close()
    }

    @Test func endsWhenItIsCancelled() throws {
        let database = try store.open()
        try seeded.run { [self] in
            let endless = JobKind("endless") { job, _ in
                job.done += 1
                return .goesOn
            }
            let jobs = Jobs(of: database, kinds: [endless], environment: seeded.environment)
            let id = try await database.commit { jobs.start("endless", argument: [], in: $0) }
            for _ in 0..<10 { _ = try await database.stamp() }
            // Other commits have had their turns, and the job some too.
            #expect(try jobs.all().first?.job.done ?? 0 > 0)
            try await jobs.cancel(id)
            try await jobs.wait(for: id)
            _ = try await database.stamp()
            #expect(try jobs.all().isEmpty)
            await jobs.stop()
        }
        database.close()
    }

    @Test func endsWhoeverWaits() throws {
        let database = try store.open()
        try seeded.run { [self] in
            let endless = JobKind("endless") { _, _ in .goesOn }
            let jobs = Jobs(of: database, kinds: [endless], environment: seeded.environment)
            let id = try await database.commit { jobs.start("endless", argument: [], in: $0) }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await #expect(throws: StoreError.self) { try await jobs.wait(for: id) } }
                group.addTask { await jobs.stop() }
            }
        }
        database.close()
    }

    private struct Broken: Error {}
}
