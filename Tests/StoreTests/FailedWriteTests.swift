import FaultyDisk
import Glibc
import Store
import StoreTestSupport
import Testing

/// What becomes of commits and reads when the disk fails, and when it is well again.
@Suite struct FailedWriteTests {
    @Test func aFailedSyncLeavesTheOutcomeUnknown() throws {
        let faulty = try FaultyStore(seed: 1)
        try faulty.run { database in
            try await database.commit { $0.put(TestMaps.numbers, 1, 1) }
            let waiter = faulty.store.notifier.register([Scope(.user, [1])])
            faulty.disk.fail(.sync, with: EIO)
            await expect(.outcomeUnknown) { try await database.commit { $0.put(TestMaps.numbers, 2, 2) } }
            await expect(.unavailable) { try await database.commit { $0.put(TestMaps.numbers, 3, 3) } }
            await expect(.unavailable) { try await database.commit(.relaxed) { $0.put(TestMaps.numbers, 4, 4) } }
            await expect(.unavailable) { try await database.commit { try $0.get(TestMaps.numbers, 1) } }
            #expect(throws: StoreError.self) { try database.flushTables() }
            #expect(try database.snapshot().get(TestMaps.numbers, 1) == 1)
            #expect(try database.snapshot().get(TestMaps.numbers, 2) == nil)
            guard case .failing(_, let reason) = database.health else { throw Unexpected() }
            #expect(reason.contains("IO error"))

            let before = database.snapshot().position
            faulty.disk.heal()
            // Whoever waits is woken, since everything may have changed.
            await waiter.wait(atMost: 60_000, on: faulty.seeded.clock)
            #expect(database.health == .well)
            #expect(database.snapshot().position > before)
            try await database.commit { $0.put(TestMaps.numbers, 5, 5) }
            var walk = try database.snapshot().domain(TestMaps.numbers, .all)
            let numbers = try walk.collect().map(\.key)
            #expect(numbers == [1, 5] || numbers == [1, 2, 5])
        }
        #expect(faulty.reports.value == ["test failing", "test well"])
        faulty.database.close()
    }

    @Test func commitsOfAGroupShareItsFailure() throws {
        let faulty = try FaultyStore(seed: 2)
        try faulty.run { database in
            faulty.disk.fail(.write, with: ENOSPC, isShort: true)
            let kinds = await withTaskGroup(of: FailureKind?.self) { group in
                for number in 0..<20 as Range<UInt64> {
                    group.addTask {
                        await failure {
                            try await database.commit { commit in
                                commit.put(TestMaps.numbers, number, number)
                                if number % 5 == 0 { throw Unexpected() }
                            }
                        }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(Set(kinds.keys).isSubset(of: [.outcomeUnknown, .unavailable]))
            #expect(kinds[.outcomeUnknown] != nil)
            #expect(try database.snapshot().first(TestMaps.numbers, .all) == nil)
            try await faulty.heal()
            try await database.commit { $0.put(TestMaps.numbers, 100, 100) }
        }
        faulty.database.close()
    }

    @Test func aFailedWriteLeavesNoHalfOfACommit() throws {
        let faulty = try FaultyStore(seed: 3)
        try faulty.run { database in
            faulty.disk.fail(.write, with: ENOSPC, isShort: true)
            // More than RocksDB keeps back, so that the writer meets the full disk and not the flusher.
            var kinds: [FailureKind?] = []
            for number in 0..<4 as Range<UInt8> {
                kinds.append(
                    await failure {
                        try await database.commit(.relaxed) { commit in
                            commit.put(TestMaps.bytes, [number], [UInt8](repeating: number, count: 900_000))
                            commit.put(TestMaps.numbers, UInt64(number), 1)
                        }
                    })
            }
            #expect(kinds.contains(.outcomeUnknown))
            #expect(kinds.last == .unavailable)
            try await faulty.heal()
            let snapshot = database.snapshot()
            for number in 0..<4 as Range<UInt8> {
                let value = try snapshot.get(TestMaps.bytes, [number])
                #expect(try snapshot.contains(TestMaps.numbers, UInt64(number)) == (value != nil))
                #expect(value == nil || value == [UInt8](repeating: number, count: 900_000))
            }
        }
        faulty.database.close()
    }

    @Test func aFailedReservationRefusesTheCommitBeforeItBegins() throws {
        let faulty = try FaultyStore(seed: 4)
        try faulty.run { database in
            var position = Position(0)
            var isReserving = false
            while !isReserving {
                position = try await database.commit { commit in
                    for _ in 0..<Commit.writesMax / 2 { commit.stamp(kind: 1, scope: Scope(.room, [])) { _ in [] } }
                    return commit.position
                }
                let reserved = try #require(try database.snapshot().get(CommonMaps.global, "position_reserved"))
                isReserving = try position.value + Int64(Commit.writesMax) > Position(encoded: reserved).value
            }
            faulty.disk.fail(.sync, with: EIO)
            let hasBegun = Shared(false)
            await expect(.unavailable) { try await database.commit { _ in hasBegun.change { $0 = true } } }
            #expect(!hasBegun.value)
            try await faulty.heal()
            #expect(try await database.stamp() > position)
        }
        faulty.database.close()
    }

    @Test func positionsGoOnAboveAllThatWereGivenOut() throws {
        let faulty = try FaultyStore(seed: 5)
        try faulty.run { database in
            var given: [Position] = []
            for round in 0..<5 {
                given.append(try await database.stamp())
                faulty.disk.fail(round % 2 == 0 ? .sync : .write, with: EIO)
                let unknown = Shared<Position?>(nil)
                await expect(.outcomeUnknown) {
                    try await database.commit { commit in
                        let position = commit.stamp(kind: 1, scope: Scope(.room, [1])) { _ in [] }
                        unknown.change { $0 = position }
                    }
                }
                given.append(try #require(unknown.value))
                try await faulty.heal()
                #expect(try #require(given.last) <= database.snapshot().position)
            }
            #expect(given == given.sorted() && Set(given).count == given.count)
        }
        faulty.database.close()
    }

    @Test func aFailureInTheBackgroundShowsWithoutACommit() throws {
        let faulty = try FaultyStore(seed: 11)
        try faulty.run { database in
            for number in 0..<2 as Range<UInt64> {
                try await database.commit { commit in
                    for key in 0..<2 as Range<UInt64> { commit.put(TestMaps.numbers, key, number) }
                }
                if number == 0 { try database.flushTables() }
            }
            faulty.disk.fail(.growth, with: ENOSPC)
            #expect(throws: StoreError.self) { try database.flushTables() }
            try await faulty.heal()
            try database.flushTables()
            #expect(database.health == .well)
            faulty.disk.fail(.growth, with: ENOSPC)
            #expect(throws: StoreError.self) { try database.compactTables() }
            guard case .failing(_, let reason) = database.health else { throw Unexpected() }
            #expect(reason.contains("No space left"))
            try await faulty.heal()
            try await database.commit { $0.put(TestMaps.numbers, 3, 3) }
            #expect(try database.snapshot().get(TestMaps.numbers, all: [0, 1, 3]) == [1, 1, 3])
        }
        faulty.database.close()
    }

    @Test func triesTheDiskAgainAndAgain() throws {
        let faulty = try FaultyStore(seed: 6)
        try faulty.run { database in
            faulty.disk.fail(.growth, with: ENOSPC)
            await expect(.outcomeUnknown) { try await database.stamp() }
            let failures = faulty.disk.failures
            await faulty.sleep(30_000)
            #expect(database.health != .well)
            // 250, 500, 1000, 2000, 4000 and then 5000 milliseconds apart.
            #expect((7...10).contains(faulty.disk.failures - failures))
            #expect(try database.snapshot().get(TestMaps.numbers, 1) == nil)
            try await faulty.heal()
            _ = try await database.stamp()
        }
        #expect(faulty.reports.value.first == "test failing")
        #expect(faulty.reports.value.last == "test well")
        faulty.database.close()
    }

    @Test func goesOnReadingWhenOpeningAgainFails() throws {
        let faulty = try FaultyStore(seed: 7)
        let forgotten = Shared(0)
        faulty.database.onReopening { forgotten.change { $0 += 1 } }
        try faulty.run { database in
            try await database.commit { $0.put(TestMaps.numbers, 1, 1) }
            faulty.disk.fail(.sync, with: EIO)
            await expect(.outcomeUnknown) { try await database.stamp() }
            // The probe's creation, write and sync succeed.
            faulty.disk.fail(.all, from: faulty.disk.calls + 4, with: ENOSPC)
            await faulty.sleep(2000)
            #expect(faulty.disk.failures > 0)
            #expect(database.health != .well)
            let position: Position
            do {
                let snapshot = database.snapshot()
                position = snapshot.position
                #expect(try snapshot.get(TestMaps.numbers, 1) == 1)
                // The entry of the failed commit is seen, and is then told of once.
                #expect(try snapshot.changes(after: .zero, limit: 10)?.count == 1)
                #expect(try snapshot.changes(after: position, limit: 10) == [])
                #expect(forgotten.value > 0)
            }
            await expect(.unavailable) { try await database.stamp() }
            try await faulty.heal()
            #expect(try database.snapshot().changes(after: position, limit: 10) == [])
            #expect(try database.snapshot().get(TestMaps.numbers, 1) == 1)
            _ = try await database.stamp()
        }
        faulty.database.close()
    }

    @Test func runsWhatForgetsCachesBeforeAnybodyReads() throws {
        let faulty = try FaultyStore(seed: 8)
        let forgotten = Shared(0)
        faulty.database.onReopening { forgotten.change { $0 += 1 } }
        try faulty.run { database in
            faulty.disk.fail(.sync, with: EIO)
            await expect(.outcomeUnknown) { try await database.stamp() }
            #expect(forgotten.value == 0)
            try await faulty.heal()
            #expect(forgotten.value == 1)
        }
        faulty.database.close()
    }

    @Test func closesWhileItFails() throws {
        let faulty = try FaultyStore(seed: 9)
        try faulty.run { database in
            try await database.commit { $0.put(TestMaps.numbers, 1, 1) }
            faulty.disk.fail(.all, with: EIO)
            await expect(.outcomeUnknown) { try await database.commit { $0.put(TestMaps.numbers, 2, 2) } }
            database.close()
            #expect(try database.snapshot().get(TestMaps.numbers, 1) == 1)
        }
    }
}

private struct Unexpected: Error {}
