import Store
import StoreTestSupport
import Testing

@Suite struct CloseTests {
    @Test func answersEverythingThatWasHandedOver() async throws {
        let store = try TestStore()
        let database = try store.open()
        let gate = Gate()
        let answered = try await withThrowingTaskGroup(of: UInt64.self) { group in
            for number in 0..<100 as Range<UInt64> {
                group.addTask {
                    try await database.commit { commit in
                        // The first one holds up the others until the database is told to close.
                        if commit.position == database.snapshot().position { gate.pass() }
                        commit.put(TestMaps.numbers, number, number)
                        commit.stamp(kind: 1, scope: Scope(.room, [])) { _ in [] }
                        return number
                    }
                }
            }
            try await gate.waitForArrivals(1)
            gate.open(for: 100)
            database.close()
            var answered: [UInt64] = []
            while let result = await group.nextResult() {
                switch result {
                case .success(let number): answered.append(number)
                case .failure(StoreError.closed): break
                case .failure(let error): throw error
                }
            }
            return answered.sorted()
        }
        var walk = try database.snapshot().domain(TestMaps.numbers, .all)
        #expect(try walk.collect().map(\.value) == answered)
        #expect(!answered.isEmpty)
    }

    @Test func refusesLaterCommits() async throws {
        let store = try TestStore()
        let database = try store.open()
        database.close()
        let error = await #expect(throws: StoreError.self) { try await database.stamp() }
        #expect(error.map { "\($0)" } == "the database is closed")
        // Once more does no harm.
        database.close()
    }

    @Test func publishesRelaxedCommits() async throws {
        let store = try TestStore()
        let database = try store.open(clock: VirtualClock())
        let position = try await database.stamp(1, .relaxed)
        #expect(database.snapshot().position < position)
        database.close()
        #expect(database.snapshot().position == position)
    }

    @Test func leavesLittleToTheLog() async throws {
        let store = try TestStore()
        let values = (0..<8 as Range<UInt8>).map { [UInt8](repeating: $0, count: 800_000) }
        try await store.session { database in
            for (number, value) in values.enumerated() {
                try await database.commit { $0.put(TestMaps.bytes, [UInt8(number)], value) }
            }
            #expect(try DatabaseFiles(in: store.path).logSize > 4 << 20)
        }
        #expect(try DatabaseFiles(in: store.path).logSize < 1 << 20)
        try await store.session { database in
            var walk = try database.snapshot().domain(TestMaps.bytes, .all)
            #expect(try walk.collect().map(\.value) == values)
        }
    }

    @Test func givesTheDirectoryBack() async throws {
        let store = try TestStore()
        let clock = VirtualClock()
        for number in 1...3 as ClosedRange<UInt64> {
            // A timer of the relaxed commit's is left behind each time.
            try await store.session(clock: clock) { database in
                try await database.commit(.relaxed) { $0.put(TestMaps.numbers, number, number) }
            }
        }
        #expect(clock.timerCount == 3)
        try await store.session { database in
            var walk = try database.snapshot().domain(TestMaps.numbers, .all)
            #expect(try walk.collect().map(\.value) == [1, 2, 3])
        }
    }

    @Test func letsASnapshotLiveOn() async throws {
        let store = try TestStore()
        let snapshot = try await store.session { database in
            try await database.commit { $0.put(TestMaps.numbers, 1, 1) }
            return database.snapshot()
        }
        #expect(try snapshot.get(TestMaps.numbers, 1) == 1)
        #expect(throws: StoreError.self) { try store.open() }
        withExtendedLifetime(snapshot) {}
    }
}
