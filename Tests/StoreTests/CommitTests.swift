import Store
import StoreTestSupport
import Testing

@Suite struct CommitTests {
    @Test func runsAloneOnTheNewestState() async throws {
        let store = try TestStore()
        try await store.session { database in
            let answers = try await withThrowingTaskGroup(of: UInt64.self) { group in
                for _ in 0..<500 {
                    group.addTask {
                        try await database.commit { commit in
                            let count = (try commit.get(TestMaps.numbers, 1) ?? 0) + 1
                            commit.put(TestMaps.numbers, 1, count)
                            return count
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.sorted() == Array(1...500))
            #expect(try database.snapshot().get(TestMaps.numbers, 1) == 500)
        }
    }

    @Test func refusedWritesNothingAndGivesBackItsNumbers() async throws {
        let store = try TestStore()
        try await store.session { database in
            let room = Scope(.room, [1])
            let before = try await database.commit { commit in
                commit.put(TestMaps.numbers, 1, 1)
                return Numbers(shortID: commit.makeShortID(), position: commit.stamp(kind: 1, scope: room) { _ in [] })
            }
            await #expect(throws: Refused.self) {
                try await database.commit { commit in
                    commit.put(TestMaps.numbers, 1, 2)
                    commit.put(TestMaps.texts, "refused", "")
                    commit.delete(TestMaps.numbers, .all.below([0xFF]))
                    for _ in 0..<10 {
                        commit.stamp(kind: 1, scope: Scope(.room, [2])) { _ in [] }
                        _ = commit.makeShortID(TestShortID.self)
                    }
                    commit.onPublication { Issue.record("a refused commit was published") }
                    throw Refused()
                }
            }
            let after = try await database.commit { commit in
                Numbers(shortID: commit.makeShortID(), position: commit.stamp(kind: 1, scope: room) { _ in [] })
            }
            #expect(after == Numbers(shortID: TestShortID(number: before.shortID.number + 1), position: before.position.next))
            let snapshot = database.snapshot()
            #expect(try snapshot.get(TestMaps.numbers, 1) == 1)
            #expect(try snapshot.get(TestMaps.texts, "refused") == nil)
            #expect(try snapshot.positions(of: [Scope(.room, [2])]) == [nil])
            #expect(try snapshot.changes(after: before.position, limit: 100)?.map(\.position) == [after.position])
        }
    }

    @Test func mayWriteItsBudgetAndNoMore() async throws {
        let store = try TestStore()
        try await store.session { database in
            func write(_ count: Int, of value: [UInt8] = []) async throws {
                try await database.commit { commit in
                    for number in 0..<UInt64(count) { commit.put(TestMaps.bytes, number.encoded, value) }
                }
            }
            try await write(Commit.writesMax)
            await #expect(throws: StoreError.self) { try await write(Commit.writesMax + 1) }
            let half = [UInt8](repeating: 7, count: Commit.bytesMax / 2 - 8)
            try await write(2, of: half)
            await #expect(throws: StoreError.self) { try await write(2, of: half + [7]) }
            await #expect(throws: StoreError.self) {
                try await database.commit { commit in
                    for _ in 0...Commit.writesMax { _ = commit.makeShortID(TestShortID.self) }
                }
            }
            #expect(try database.snapshot().get(TestMaps.bytes, (2 as UInt64).encoded) == [])
            try await database.commit { commit in
                for number in 0..<UInt64(3) { commit.putUncounted(TestMaps.bytes, number.encoded, half) }
            }
            #expect(try database.snapshot().get(TestMaps.bytes, (2 as UInt64).encoded) == half)
            // It was refused, not broken.
            try await write(1)
        }
    }

    @Test func isPublishedWhenItIsAnswered() async throws {
        let store = try TestStore()
        try await store.session { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for room in 0..<200 as Range<UInt64> {
                    group.addTask {
                        let position = try await database.commit { commit in
                            commit.put(TestMaps.numbers, room, room)
                            return commit.stamp(kind: 1, scope: Scope(.room, room.encoded)) { $0.encoded }
                        }
                        let snapshot = database.snapshot()
                        #expect(snapshot.position >= position)
                        #expect(try snapshot.get(TestMaps.numbers, room) == room)
                        #expect(try snapshot.positions(of: [Scope(.room, room.encoded)]) == [position])
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func publishesBeforeItsActionsAndTheseBeforeItWakes() async throws {
        let store = try TestStore()
        try await store.session { database in
            for _ in 0..<50 {
                let waiter = store.notifier.register([Scope(.room, [1])])
                let published = Shared(Position(0))
                async let woken: Void = waiter.wait(atMost: 60_000, on: SystemClock())
                async let stamped = database.commit { commit in
                    let position = commit.stamp(kind: 1, scope: Scope(.room, [1])) { _ in [] }
                    commit.onPublication { published.change { $0 = database.snapshot().position } }
                    return position
                }
                await woken
                let seen = database.snapshot().position
                let position = try await stamped
                #expect(seen == position)
                #expect(published.value == seen)
            }
        }
    }

    @Test func answersBeforeItWakes() async throws {
        let store = try TestStore()
        let waking = Gate()
        store.notifier.expand(.room) { _ in
            waking.pass()
            return []
        }
        let waiter = store.notifier.register([Scope(.room, [1])])
        try await store.session { database in
            // The flusher stands at the gate with whom it wakes; the commit has its answer.
            let answered = Shared(false)
            async let position = {
                let position = try await database.stamp()
                answered.change { $0 = true }
                return position
            }()
            defer { waking.open() }
            try await waking.waitForArrivals(1)
            try await until { answered.value }
            #expect(database.snapshot().position == (try await position))
        }
        await waiter.wait(atMost: 60_000, on: SystemClock())
    }

    @Test func publishesActionsOfCommitsThatWriteNothing() async throws {
        let store = try TestStore()
        try await store.session { database in
            let published = Shared(0)
            try await database.commit { commit in
                commit.onPublication { published.change { $0 += 1 } }
            }
            #expect(published.value == 1)
        }
    }

    @Test func goesOnWhenWhoWaitsForItIsCancelled() async throws {
        let store = try TestStore()
        try await store.session { database in
            let gate = Gate()
            async let before: Void = database.commit { _ in gate.pass() }
            try await gate.waitForArrivals(1)
            let task = Task {
                try await database.commit { commit in
                    commit.put(TestMaps.numbers, 1, 1)
                    return 1
                }
            }
            task.cancel()
            gate.open()
            try await before
            #expect(try await task.value == 1)
            #expect(try database.snapshot().get(TestMaps.numbers, 1) == 1)
        }
    }

    @Test func readsTheLogInOrder() async throws {
        let store = try TestStore()
        try await store.session { database in
            let start = database.snapshot().position
            let rooms: [UInt8] = [1, 2, 1, 3, 1]
            var positions: [Position] = []
            for room in rooms { positions.append(try await database.stamp(room)) }
            let snapshot = database.snapshot()
            let changes = try #require(try snapshot.changes(after: start, limit: 100))
            #expect(changes.map(\.position) == positions)
            #expect(changes.map(\.change.scope) == rooms.map { Scope(.room, [$0]) })
            #expect(try snapshot.changes(after: start, limit: 2)?.map(\.position) == Array(positions[..<2]))
            #expect(try snapshot.changes(after: positions[2], limit: 100)?.map(\.position) == Array(positions[3...]))
            #expect(try snapshot.changes(after: snapshot.position, limit: 100) == [])
            // What a stranger's token may say.
            #expect(try snapshot.changes(after: Position(.max), limit: 100) == [])
            #expect(try snapshot.changes(after: Position(-1), limit: 100) == nil)
            let scopes = [3, 9, 1, 2].map { Scope(.room, [$0]) }
            #expect(try snapshot.positions(of: scopes) == [positions[3], nil, positions[4], positions[1]])
        }
    }

    private struct Refused: Error {}

    private struct Numbers: Equatable {
        let shortID: TestShortID
        let position: Position
    }
}
