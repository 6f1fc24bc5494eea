import Store
import StoreTestSupport
import Testing

/// Followers and their dispatcher, on the seeded executor and its clock.
@Suite struct FollowerTests {
    private let seeded = SeededEnvironment(seed: 1)
    private let store: TestStore
    private let database: Database

    init() throws {
        store = try TestStore(environment: seeded.environment)
        database = try store.open()
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func seesEverythingOfItsKindsInOrder(seed: UInt64) throws {
        let seeded = SeededEnvironment(seed: seed)
        let store = try TestStore(environment: seeded.environment)
        let database = try store.open()
        var limits = FollowingLimits()
        (limits.readMaxEntries, limits.rememberedMaxEntries) = (5, 7)
        let dispatcher = Dispatcher(of: database, environment: seeded.environment, limits: limits)
        let (all, odd) = (Recorder(), Recorder())
        try seeded.run {
            let first = try await dispatcher.add(Follower("all", entriesMax: 3) { all.take($0) })
            let second = try await dispatcher.add(Follower("odd", kinds: [1, 3]) { odd.take($0) })
            var stamped: [(kind: UInt8, position: Position)] = []
            for round in 0..<20 as Range<UInt8> {
                stamped += try await database.commit { commit in
                    (0...round % 7).map { kind in
                        (kind, commit.stamp(kind: kind, scope: Scope(.room, [round])) { _ in [kind] })
                    }
                }
            }
            let end = database.snapshot().position
            try await first.caughtUp(to: end)
            try await second.caughtUp(to: end)
            #expect(all.positions == stamped.map(\.position))
            #expect(odd.positions == stamped.filter { [1, 3].contains($0.kind) }.map(\.position))
            #expect(all.entries.allSatisfy { $0.change.key == [$0.change.kind] })
            #expect(all.largest == 3)
            await dispatcher.stop()
        }
        database.close()
    }

    @Test func beginsNowOrWithTheOldestEntry() throws {
        try seeded.run { [self] in
            let old = try await database.stamp()
            let dispatcher = Dispatcher(of: database, environment: seeded.environment)
            let (now, oldest) = (Recorder(), Recorder())
            let followers = [
                try await dispatcher.add(Follower("now", beginning: .now) { now.take($0) }),
                try await dispatcher.add(Follower("oldest", beginning: .oldestEntry) { oldest.take($0) }),
            ]
            let new = try await database.stamp()
            for follower in followers { try await follower.caughtUp(to: new) }
            #expect(now.positions == [new])
            #expect(oldest.positions == [old, new])
            await dispatcher.stop()
        }
        database.close()
    }

    @Test func isToldOnlyOfWhatConcernsIt() throws {
        try seeded.run { [self] in
            let dispatcher = Dispatcher(of: database, environment: seeded.environment)
            let recorder = Recorder()
            let running = try await dispatcher.add(
                Follower("two", concernedBy: { $0.change.scope == Scope(.room, [2]) }, entriesMax: 1) { recorder.take($0) })
            var wanted: [Position] = []
            for room in [1, 2, 1, 2, 2, 1] as [UInt8] {
                let position = try await database.stamp(room)
                if room == 2 { wanted.append(position) }
            }
            try await running.caughtUp(to: database.snapshot().position)
            #expect(recorder.positions == wanted)
            #expect(recorder.largest == 1)
            await dispatcher.stop()
        }
        database.close()
    }

    @Test func isToldNothingOnceItIsRemoved() throws {
        try seeded.run { [self] in
            let dispatcher = Dispatcher(of: database, environment: seeded.environment)
            let (removed, left) = (Recorder(), Recorder())
            let going = try await dispatcher.add(Follower("going") { removed.take($0) })
            let staying = try await dispatcher.add(Follower("staying") { left.take($0) })
            let first = try await database.stamp()
            for follower in [going, staying] { try await follower.caughtUp(to: first) }
            try await dispatcher.remove(going)
            #expect(dispatcher.followerStatuses.map(\.name) == ["staying"])
            let second = try await database.stamp()
            try await staying.caughtUp(to: second)
            #expect(removed.positions == [first])
            #expect(left.positions == [first, second])
            await #expect(throws: StoreError.self) { try await going.caughtUp(to: second) }
            #expect(try database.snapshot().get(CommonMaps.followerPosition, "test/going") == nil)
            // One of the same name is a new one.
            let again = try await dispatcher.add(Follower("going") { removed.take($0) })
            let third = try await database.stamp()
            try await again.caughtUp(to: third)
            #expect(removed.positions == [first, third])
            await dispatcher.stop()
        }
        database.close()
    }

    @Test func repeatsWhatWasNotSaved() throws {
        let recorder = Recorder()
        let follower = Follower("letters") { recorder.take($0) }
        let (positions, files) = try seeded.run { [self] in
            let dispatcher = Dispatcher(of: database, environment: seeded.environment)
            let running = try await dispatcher.add(follower)
            let saved = try await database.stamp()
            try await running.caughtUp(to: saved)
            try await seeded.clock.sleep(milliseconds: 1500)
            let notSaved = try await database.stamp()
            try await running.caughtUp(to: notSaved)
            let files = try DatabaseFiles(in: store.path)
            await dispatcher.stop()
            return ([saved, notSaved], files)
        }
        database.close()
        #expect(recorder.positions == positions)
        // The process ended after the work, before the cursor was saved; and after both.
        for (name, files, repeated) in [("crashed", files, [positions[1]]), ("closed", try DatabaseFiles(in: store.path), [])] {
            recorder.clear()
            let path = store.path(of: name)
            try files.write(to: path)
            let database = try store.open(at: path)
            try seeded.run { [seeded] in
                let dispatcher = Dispatcher(of: database, environment: seeded.environment)
                let running = try await dispatcher.add(follower)
                let new = try await database.stamp()
                try await running.caughtUp(to: new)
                #expect(recorder.positions == repeated + [new])
                await dispatcher.stop()
            }
            database.close()
        }
    }

    @Test func savesAllCursorsTogether() throws {
        try seeded.run { [self] in
            let dispatcher = Dispatcher(of: database, environment: seeded.environment)
            var followers: [RunningFollower] = []
            for number in 0..<1200 {
                followers.append(try await dispatcher.add(Follower("\(number)", kinds: [UInt8(number % 2)]) { _ in }))
            }
            let begin = database.snapshot().position
            let end = try await database.stamp()
            for follower in followers { try await follower.caughtUp(to: end) }
            func saved() throws -> Set<Position> {
                var walk = try database.snapshot().domain(CommonMaps.followerPosition, .all)
                return Set(try walk.collect().map(\.value))
            }
            #expect(try saved() == [begin])
            try await seeded.clock.sleep(milliseconds: 1200)
            #expect(try saved() == [end])
            await dispatcher.stop()
        }
        database.close()
    }

    @Test func triesAgainLaterAndLaterWhileOthersGoOn() throws {
        let failing = Shared<[Int64]>([])
        let other = Recorder()
        try seeded.run { [self, clock = seeded.clock] in
            let dispatcher = Dispatcher(of: database, environment: seeded.environment)
            let start = clock.now()
            let broken = try await dispatcher.add(
                Follower("broken") { _ in
                    failing.change { $0.append(clock.now() - start) }
                    if failing.value.count < 5 { throw Broken() }
                })
            let whole = try await dispatcher.add(Follower("whole") { other.take($0) })
            let position = try await database.stamp()
            try await whole.caughtUp(to: position)
            #expect(clock.now() == start)
            try await clock.sleep(milliseconds: 10)
            let statuses = dispatcher.followerStatuses
            #expect(statuses.map(\.name) == ["broken", "whole"])
            #expect(statuses.map(\.lag) == [1, 0])
            #expect(statuses.map(\.failures) == [1, 0])
            #expect(statuses.map(\.error) == ["Broken()", nil])
            try await broken.caughtUp(to: position)
            #expect(failing.value == [0, 1000, 3000, 7000, 15000])
            #expect(dispatcher.followerStatuses.map(\.error) == [nil, nil])
            await dispatcher.stop()
        }
        database.close()
    }

    @Test func doesNotWaitForASlowOne() throws {
        try seeded.run { [self] in
            var limits = FollowingLimits()
            (limits.readMaxEntries, limits.rememberedMaxEntries) = (8, 8)
            let dispatcher = Dispatcher(of: database, environment: seeded.environment, limits: limits)
            let (slow, quick) = (Recorder(), Recorder())
            let slowFollower = try await dispatcher.add(
                Follower("slow", entriesMax: 10) { [clock = seeded.clock] news in
                    try await clock.sleep(milliseconds: 1000)
                    slow.take(news)
                })
            let quickFollower = try await dispatcher.add(Follower("quick") { quick.take($0) })
            var positions: [Position] = []
            for _ in 0..<200 { positions.append(try await database.stamp()) }
            try await quickFollower.caughtUp(to: positions[199])
            #expect(quick.positions == positions)
            #expect(slow.positions.isEmpty)
            try await slowFollower.caughtUp(to: positions[199])
            #expect(slow.positions == positions)
            await dispatcher.stop()
        }
        database.close()
    }

    @Test func endsWhoeverWaits() throws {
        try seeded.run { [self] in
            let dispatcher = Dispatcher(of: database, environment: seeded.environment)
            let stuck = try await dispatcher.add(
                Follower("stuck") { [clock = seeded.clock] _ in try await clock.sleep(milliseconds: .max) })
            let position = try await database.stamp()
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    let error = await #expect(throws: StoreError.self) { try await stuck.caughtUp(to: position) }
                    #expect(error.map { "\($0)" } == "the database is closed")
                }
                group.addTask {
                    await withTaskGroup(of: Void.self) { group in
                        group.addTask { await #expect(throws: CancellationError.self) { try await stuck.caughtUp(to: position) } }
                        group.cancelAll()
                    }
                    await dispatcher.stop()
                }
            }
            // What was under way is not done.
            #expect(stuck.position < position)
            await #expect(throws: StoreError.self) { try await dispatcher.add(Follower("late") { _ in }) }
        }
        database.close()
    }

    @Test func worksOnThreads() async throws {
        let store = try TestStore()
        let target = try TestStore()
        let (source, derived) = (try store.open(), try target.open())
        let dispatcher = Dispatcher(of: source, environment: systemEnvironment)
        let recorder = Recorder()
        let followers = [
            try await dispatcher.add(Follower("recorder") { recorder.take($0) }),
            try await dispatcher.add(.counting(into: derived)),
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for room in 0..<300 as Range<UInt64> {
                group.addTask { _ = try await source.stamp(UInt8(room % 256)) }
            }
            try await group.waitForAll()
        }
        let end = source.snapshot().position
        for follower in followers { try await follower.caughtUp(to: end) }
        await dispatcher.stop()
        #expect(recorder.positions.count == 300)
        #expect(recorder.positions == recorder.positions.sorted())
        #expect(try derived.snapshot().get(TestMaps.numbers, 0) == 300)
        source.close()
        derived.close()
    }

    private struct Broken: Error {}
}

/// What a follower was told.
final class Recorder: Sendable {
    private let news = Shared<[News]>([])

    func take(_ news: News) {
        self.news.change { $0.append(news) }
    }

    func clear() { news.change { $0 = [] } }
    var told: [News] { news.value }

    private var parts: [[LogEntry]] {
        told.compactMap { news in
            guard case .entries(let entries) = news else { return nil }
            return entries
        }
    }

    var entries: [LogEntry] { parts.flatMap { $0 } }
    var positions: [Position] { entries.map(\.position) }
    /// The most entries that came at once.
    var largest: Int { parts.map(\.count).max() ?? 0 }
}

extension Follower {
    /// Counts the entries in the target, under 0, and keeps a mark for each, under its position.
    static func counting(into target: Database) -> Follower {
        Follower("counting", into: target, beginning: .oldestEntry, entriesMax: 3) { news, commit in
            guard case .entries(let entries) = news else { return }
            let count = try commit.get(TestMaps.numbers, 0) ?? 0
            commit.put(TestMaps.numbers, 0, count + UInt64(entries.count))
            for entry in entries {
                let mark = UInt64(bitPattern: entry.position.value)
                commit.put(TestMaps.numbers, mark, try (commit.get(TestMaps.numbers, mark) ?? 0) + 1)
            }
        }
    }
}
