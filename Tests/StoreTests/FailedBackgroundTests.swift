import FaultyDisk
import Glibc
import Store
import StoreTestSupport
import Testing

/// Followers, jobs and intents go on by themselves when a database that has failed writes again, and do nothing twice.
@Suite struct FailedBackgroundTests {
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func aFollowerIntoAFailingDatabaseWorksExactlyOnce(seed: UInt64) throws {
        let faulty = try FaultyStore(seed: seed)
        let sourceStore = try TestStore(environment: faulty.seeded.environment)
        let source = try sourceStore.open()
        try faulty.run { target in
            let dispatcher = Dispatcher(of: source, environment: faulty.seeded.environment)
            let running = try await dispatcher.add(.counting(into: target))
            for round in 0..<4 as Range<UInt8> {
                if round > 0 { faulty.disk.fail(.sync, with: EIO) }
                for room in 0..<5 as Range<UInt8> { _ = try await source.stamp(room) }
                await faulty.sleep(Int64(seed) * 40)
                try await faulty.heal()
                try await running.caughtUp(to: source.snapshot().position)
            }
            let log = try #require(try source.snapshot().changes(after: .zero, limit: 100))
            let marks = log.map { UInt64(bitPattern: $0.position.value) }
            #expect(try target.snapshot().get(TestMaps.numbers, 0) == 20)
            #expect(try target.snapshot().get(TestMaps.numbers, all: marks) == marks.map { _ in 1 })
            await dispatcher.stop()
        }
        source.close()
        faulty.database.close()
    }

    @Test func aFollowerSeesWhatRecoveryBringsBack() throws {
        let kept = try (1...6 as ClosedRange<UInt64>).map { seed in
            let faulty = try FaultyStore(seed: seed)
            let recorder = Recorder()
            try faulty.run { database in
                let dispatcher = Dispatcher(of: database, environment: faulty.seeded.environment)
                let running = try await dispatcher.add(Follower("recorder", beginning: .oldestEntry) { recorder.take($0) })
                _ = try await database.stamp(1)
                faulty.disk.fail(.sync, with: EIO)
                await expect(.outcomeUnknown) { try await database.stamp(2) }
                try await faulty.heal()
                // Nobody else commits anything.
                try await running.caughtUp(to: database.snapshot().position)
                let log = try #require(try database.snapshot().changes(after: .zero, limit: 100))
                #expect(recorder.entries == log)
                await dispatcher.stop()
            }
            faulty.database.close()
            return recorder.entries.count
        }
        #expect(kept.contains(2))
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func aJobGoesOn(seed: UInt64) throws {
        let faulty = try FaultyStore(seed: seed)
        try faulty.run { database in
            let hasFailed = Shared(false)
            let kind = JobKind("counting") { job, commit in
                job.done += 1
                commit.put(TestMaps.numbers, job.done, try (commit.get(TestMaps.numbers, job.done) ?? 0) + 1)
                if job.done == 17, !hasFailed.value {
                    hasFailed.change { $0 = true }
                    faulty.disk.fail(.sync, with: EIO)
                }
                return job.done == 35 ? .isDone : .goesOn
            }
            let jobs = Jobs(of: database, kinds: [kind], environment: faulty.seeded.environment)
            let id = try await database.commit { jobs.start("counting", argument: [], in: $0) }
            await #expect(throws: StoreError.self) { try await jobs.wait(for: id) }
            // So long that what fails is tried again minutes later, were it not for the database's recovery.
            await faulty.sleep(200_000)
            try await faulty.heal()
            let healed = faulty.seeded.clock.now()
            while try !jobs.all().isEmpty { await faulty.sleep(1) }
            #expect(faulty.seeded.clock.now() - healed < 100)
            var walk = try database.snapshot().domain(TestMaps.numbers, .all)
            let marks = try walk.collect()
            #expect(marks.map(\.key) == Array(1...35))
            #expect(marks.allSatisfy { $0.value == 1 })
            await jobs.stop()
        }
        faulty.database.close()
    }

    @Test func aJobWhoseBeginningWasUncertainIsDoneIfItIsThere() throws {
        let done = try (1...6 as ClosedRange<UInt64>).map { seed in
            let faulty = try FaultyStore(seed: seed)
            let isDone = Shared(false)
            try faulty.run { database in
                let kind = JobKind("marking") { _, commit in
                    commit.put(TestMaps.numbers, 2, 1)
                    return .isDone
                }
                let jobs = Jobs(of: database, kinds: [kind], environment: faulty.seeded.environment)
                faulty.disk.fail(.sync, with: EIO)
                await expect(.outcomeUnknown) {
                    try await database.commit { commit in
                        commit.put(TestMaps.numbers, 1, 1)
                        return jobs.start("marking", argument: [], in: commit)
                    }
                }
                try await faulty.heal()
                await faulty.sleep(100)
                let isThere = try database.snapshot().contains(TestMaps.numbers, 1)
                #expect(try database.snapshot().contains(TestMaps.numbers, 2) == isThere)
                #expect(try jobs.all().isEmpty)
                isDone.change { $0 = isThere }
                await jobs.stop()
            }
            faulty.database.close()
            return isDone.value
        }
        #expect(done.contains(true))
    }

    /// The disk of one of the two databases fails, at different moments.
    @Test(arguments: [true, false], 1...4 as ClosedRange<UInt64>)
    func anIntentIsCarriedOutOnce(failsInOwner: Bool, seed: UInt64) throws {
        let faulty = try FaultyStore(seed: seed)
        let otherStore = try TestStore(environment: faulty.seeded.environment)
        let other = try otherStore.open()
        try faulty.run { failing in
            let (owner, target) = failsInOwner ? (failing, other) : (other, failing)
            let kind = IntentKind(
                "adding",
                [
                    IntentKind.Part(in: target) { payload, commit in
                        let key = UInt64(payload[0])
                        commit.put(TestMaps.numbers, key, try (commit.get(TestMaps.numbers, key) ?? 0) + 1)
                    }
                ])
            let intents = Intents(of: owner, kinds: [kind], environment: faulty.seeded.environment)
            for number in 1...10 as ClosedRange<UInt8> {
                if Int(number) % 3 == Int(seed) % 3 {
                    _ = faulty.seeded.clock.schedule(after: Int64(number % 2)) { faulty.disk.fail(.sync, with: EIO) }
                }
                let begun = try? await owner.commit { commit in
                    commit.put(TestMaps.numbers, UInt64(number), 1)
                    return intents.begin("adding", [number], in: commit)
                }
                if let begun { try? await intents.wait(for: begun) }
                await faulty.sleep(5)
                try await faulty.heal()
            }
            await faulty.sleep(1000)
            var decided = try owner.snapshot().domain(TestMaps.numbers, .all)
            var carriedOut = try target.snapshot().domain(TestMaps.numbers, .all)
            let numbers = try decided.collect().map(\.key)
            let found = try carriedOut.collect()
            #expect(found.map(\.key) == numbers)
            #expect(found.allSatisfy { $0.value == 1 })
            #expect(try owner.snapshot().first(CommonMaps.intents, .all) == nil)
            #expect(try target.snapshot().first(CommonMaps.finishedIntents, .all) == nil)
            await intents.stop()
        }
        other.close()
        faulty.database.close()
    }
}
