import FaultyDisk
import Glibc
import Store
import StoreTestSupport
import Testing

@Suite struct HoldTests {
    @Test func commitsWaitInTheirOrder() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let seeded = SeededEnvironment(seed: seed)
            let store = try TestStore(environment: seeded.environment)
            let database = try store.open()
            let order = Shared<[UInt64]>([])
            try seeded.run {
                let held = try await database.hold()
                let before = database.snapshot().position
                #expect(held.position == before)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<5 as Range<UInt64> {
                        group.addTask {
                            try await database.commit(number % 2 == 0 ? .relaxed : .synced) { commit in
                                order.change { $0.append(number) }
                                commit.put(TestMaps.numbers, UInt64(order.value.count), number)
                                commit.stamp(kind: 1, scope: Scope(.room, [])) { _ in [] }
                            }
                        }
                    }
                    // Nobody gets anywhere, however long it takes.
                    for _ in 0..<100 { await Task.yield() }
                    #expect(order.value.isEmpty)
                    #expect(database.snapshot().position == before)
                    held.release()
                    held.release()
                    try await group.waitForAll()
                }
                #expect(order.value.count == 5)
                #expect(try await database.stamp() > before)
            }
            database.close()
        }
    }

    @Test func everythingCommittedIsPublished() throws {
        let seeded = SeededEnvironment(seed: 1)
        let store = try TestStore(environment: seeded.environment)
        let database = try store.open()
        try seeded.run {
            let relaxed = try await database.stamp(1, .relaxed)
            #expect(database.snapshot().position < relaxed)
            let held = try await database.hold()
            #expect(held.position == relaxed && database.snapshot().position == relaxed)
            held.release()
        }
        database.close()
    }

    @Test func holdsWaitForEachOther() async throws {
        let store = try TestStore()
        let database = try store.open()
        defer { database.close() }
        let first = try await database.hold()
        async let stamped = database.stamp()
        async let second = database.hold()
        async let last = database.stamp()
        first.release()
        // The second hold has kept what came after it, in whichever order the three came.
        let held = try await second
        let position = database.snapshot().position
        try await held.checkpoint(to: store.path(of: "copy"))
        #expect(database.snapshot().position == position)
        held.release()
        let positions = try await [stamped, last]
        #expect(database.snapshot().position == positions.max())
    }

    @Test func aForgottenHoldEnds() async throws {
        let store = try TestStore()
        let database = try store.open()
        defer { database.close() }
        do { _ = try await database.hold() }
        _ = try await database.stamp()
    }

    @Test func closingRefusesWhatWaits() async throws {
        let store = try TestStore()
        let database = try store.open()
        let published = database.snapshot().position
        let held = try await database.hold()
        async let waiting: Result<Position, any Error> = {
            do { return .success(try await database.stamp()) } catch { return .failure(error) }
        }()
        async let waitingHold: Result<Held, any Error> = {
            do { return .success(try await database.hold()) } catch { return .failure(error) }
        }()
        database.close()
        for error in [await waiting.error, await waitingHold.error, await error { try await held.checkpoint(to: store.path(of: "copy")) }] {
            #expect(error.map { "\($0)" } == "the database is closed")
        }
        held.release()
        #expect(await error { _ = try await database.hold() } != nil)
        #expect(database.snapshot().position == published)
    }

    @Test func aFailingDiskEndsAHold() throws {
        let faulty = try FaultyStore(seed: 1)
        try faulty.run { database in
            _ = try await database.stamp(1, .relaxed)
            faulty.disk.fail(.sync, with: EIO)
            // What was committed before can't be put on the disk; then there is nothing to be written to.
            await expect(.unavailable) { _ = try await database.hold() }
            await expect(.unavailable) { _ = try await database.hold() }
            try await faulty.heal()
            let held = try await database.hold()
            held.release()
            _ = try await database.stamp()
        }
        faulty.database.close()
    }

    @Test func aFullDiskEndsACheckpoint() throws {
        let faulty = try FaultyStore(seed: 2)
        try faulty.run { database in
            _ = try await database.stamp()
            let path = faulty.store.path(of: "disk/copy")
            faulty.disk.fail(.growth, with: ENOSPC)
            await #expect(throws: StoreError.self) { try await Checkpoint.take(of: [database], to: [path]) }
            #expect(access(path, F_OK) != 0 && access("\(path).tmp", F_OK) != 0)
            faulty.disk.heal()
            // The database itself had nothing to write.
            #expect(database.health == .well)
            _ = try await database.stamp()
            _ = try await Checkpoint.take(of: [database], to: [path])
        }
        faulty.database.close()
    }

    private func error(_ body: () async throws -> Void) async -> (any Error)? {
        do { try await body() } catch { return error }
        return nil
    }
}

extension Result {
    fileprivate var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
