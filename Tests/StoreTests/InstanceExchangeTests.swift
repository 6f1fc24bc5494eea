import Glibc
import Store
import StoreTestSupport
import Testing

/// The failed instance is exchanged when nobody reads it, and those who read don't notice.
@Suite struct InstanceExchangeTests {
    @Test func waitsForReadersToEnd() throws {
        let faulty = try FaultyStore(seed: 10)
        try faulty.run { database in
            try await database.commit { $0.put(TestMaps.numbers, 1, 1) }
            var snapshot: PublishedSnapshot? = database.snapshot()
            faulty.disk.fail(.sync, with: EIO)
            await expect(.outcomeUnknown) { try await database.stamp() }
            faulty.disk.heal()
            await faulty.sleep(700)
            #expect(database.health != .well)
            #expect(try snapshot?.get(TestMaps.numbers, 1) == 1)

            // A walk keeps the instance as well as the snapshot that it goes through.
            var walk = try snapshot?.domain(TestMaps.numbers, .all)
            snapshot = nil
            await faulty.sleep(100)
            #expect(database.health != .well)
            #expect(try walk?.next()?.value == 1)
            walk = nil
            try await faulty.heal()
        }
        faulty.database.close()
    }

    @Test func closesTheGateWhenThereIsAlwaysSomebodyReading() async throws {
        let clock = VirtualClock()
        let faulty = try FaultyStore(seed: 1, executors: systemEnvironment.executors, clock: clock)
        let database = faulty.database
        try await database.commit { $0.put(TestMaps.numbers, 1, 1) }
        faulty.disk.fail(.sync, with: EIO)
        await expect(.outcomeUnknown) { try await database.stamp() }
        faulty.disk.heal()
        let isOver = Shared(false)
        defer { isOver.change { $0 = true } }
        // Threads of their own, since they block them.
        let threads = ThreadExecutors(threads: 2)
        let readers = (0..<2).map { _ in
            Task(executorPreference: threads.short) {
                while !isOver.value {
                    let snapshot = database.snapshot()
                    usleep(3000)
                    let number = try snapshot.get(TestMaps.numbers, 1)
                    #expect(number == 1)
                }
            }
        }
        try await until {
            clock.advance(by: 5)
            return database.health == .well
        }
        _ = try await database.stamp()
        isOver.change { $0 = true }
        for reader in readers { try await reader.value }
        database.close()
    }

    @Test func givesTheOldStateToAReaderThatHoldsOneAndAsksAgain() async throws {
        let clock = VirtualClock()
        let faulty = try FaultyStore(seed: 2, executors: systemEnvironment.executors, clock: clock)
        let database = faulty.database
        try await database.commit { $0.put(TestMaps.numbers, 1, 1) }
        faulty.disk.fail(.sync, with: EIO)
        await expect(.outcomeUnknown) { try await database.stamp() }
        faulty.disk.heal()
        do {
            let held = database.snapshot()
            // Long enough for the gate to be closed.
            for _ in 0..<500 {
                clock.advance(by: 5)
                #expect(database.snapshot() === held)
                usleep(1000)
            }
            #expect(database.health != .well)
        }
        try await until {
            clock.advance(by: 5)
            return database.health == .well
        }
        database.close()
    }
}
