import Store
import StoreTestSupport
import Testing

/// A follower into another database works exactly once, whenever the process ends.
@Suite struct OnceFollowerTests {
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func worksExactlyOnceAcrossCrashes(seed: UInt64) throws {
        let seeded = SeededEnvironment(seed: seed)
        let (sourceStore, targetStore) = (try TestStore(environment: seeded.environment), try TestStore(environment: seeded.environment))
        let (source, target) = (try sourceStore.open(), try targetStore.open())
        let points = try CrashPoints.during([sourceStore.path, targetStore.path], on: seeded) {
            let dispatcher = Dispatcher(of: source, environment: seeded.environment)
            let running = try await dispatcher.add(.counting(into: target))
            for round in 0..<6 as Range<UInt8> { _ = try await source.stamp(round) }
            try await running.caughtUp(to: source.snapshot().position)
            await dispatcher.stop()
        }
        #expect(try target.snapshot().get(TestMaps.numbers, 0) == 6)
        source.close()
        target.close()
        #expect(points.count > 3)
        for (number, files) in points.enumerated() {
            let paths = [sourceStore.path(of: "\(number)"), targetStore.path(of: "\(number)")]
            for (files, path) in zip(files, paths) { try files.write(to: path) }
            try Self.expectGoingOn(sourceStore, targetStore, paths, seeded)
        }
    }

    /// Opens both databases, has the follower catch up, and compares what it has made with the log.
    private static func expectGoingOn(
        _ sourceStore: TestStore, _ targetStore: TestStore, _ paths: [String], _ seeded: SeededEnvironment
    ) throws {
        let (source, target) = (try sourceStore.open(at: paths[0]), try targetStore.open(at: paths[1]))
        try seeded.run {
            let dispatcher = Dispatcher(of: source, environment: seeded.environment)
            let running = try await dispatcher.add(.counting(into: target))
            _ = try await source.stamp()
            try await running.caughtUp(to: source.snapshot().position)
            let log = try #require(try source.snapshot().changes(after: .zero, limit: 100))
            let marks = log.map { UInt64(bitPattern: $0.position.value) }
            #expect(try target.snapshot().get(TestMaps.numbers, 0) == UInt64(log.count))
            #expect(try target.snapshot().get(TestMaps.numbers, all: marks) == marks.map { _ in 1 })
            await dispatcher.stop()
        }
        source.close()
        target.close()
    }

    @Test func savesHowFarItIsWhenThereIsNothingForIt() throws {
        let seeded = SeededEnvironment(seed: 1)
        let (sourceStore, targetStore) = (try TestStore(environment: seeded.environment), try TestStore(environment: seeded.environment))
        let (source, target) = (try sourceStore.open(), try targetStore.open())
        try seeded.run {
            let dispatcher = Dispatcher(of: source, environment: seeded.environment)
            _ = try await dispatcher.add(Follower("others", into: target, kinds: [9]) { _, _ in Issue.record("it wants none of this") })
            let position = try await source.stamp()
            try await seeded.clock.sleep(milliseconds: 1500)
            #expect(try target.snapshot().get(CommonMaps.followerPosition, "test/others") == position)
            #expect(try source.snapshot().get(CommonMaps.followerPosition, "test/others") == nil)
            await dispatcher.stop()
        }
        source.close()
        target.close()
    }

    @Test func writesNothingWhenItThrows() throws {
        let seeded = SeededEnvironment(seed: 1)
        let (sourceStore, targetStore) = (try TestStore(environment: seeded.environment), try TestStore(environment: seeded.environment))
        let (source, target) = (try sourceStore.open(), try targetStore.open())
        try seeded.run {
            let attempts = Shared(0)
            let dispatcher = Dispatcher(of: source, environment: seeded.environment)
            let running = try await dispatcher.add(
                Follower("broken", into: target) { _, commit in
                    attempts.change { $0 += 1 }
                    commit.put(TestMaps.numbers, UInt64(attempts.value), 1)
                    if attempts.value < 3 { throw StoreError.closed }
                })
            try await running.caughtUp(to: try await source.stamp())
            var written = try target.snapshot().domain(TestMaps.numbers, .all)
            #expect(try written.collect().map(\.key) == [3])
            await dispatcher.stop()
        }
        source.close()
        target.close()
    }
}
