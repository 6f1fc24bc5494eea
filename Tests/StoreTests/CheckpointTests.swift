import Glibc
import RocksDB
import Store
import StoreTestSupport
import Testing

@Suite struct CheckpointTests {
    /// Three databases in which clients count, first in the first one, then in the second, then in the third.
    private struct Counters {
        static let clients = 0..<4 as Range<UInt64>
        let store: TestStore
        let databases: [Database]

        init(_ environment: Environment = systemEnvironment) throws {
            let store = try TestStore(environment: environment)
            self.store = store
            databases = try ["a", "b", "c"].map { try store.open(at: store.path(of: $0)) }
        }

        /// Counts in all databases, one after the other; `count` is what was answered before.
        func count(_ client: UInt64, from count: UInt64) async throws {
            for database in databases {
                try await database.commit { commit in
                    commit.put(TestMaps.numbers, client, count + 1)
                    commit.stamp(kind: 1, scope: Scope(.user, [UInt8(client)])) { _ in [] }
                }
            }
        }

        func close() {
            for database in databases { database.close() }
        }

        /// Opens the databases at the paths and checks that they are of one moment.
        func check(_ paths: [String], _ outcome: Checkpoint.Outcome, answered: [UInt64]) throws {
            let databases = try paths.map { try store.open(at: $0) }
            defer { for database in databases { database.close() } }
            for client in Self.clients {
                let counts = try databases.map { try $0.snapshot().get(TestMaps.numbers, client) ?? 0 }
                #expect(counts.allSatisfy { $0 >= answered[Int(client)] }, "\(counts) of \(answered)")
                // What comes later is never there without what came before.
                #expect(counts == counts.sorted(by: >) && counts[0] - counts[2] <= 1, "\(counts)")
            }
            for (database, position) in zip(databases, outcome.positions) {
                // None before anybody has counted.
                let newest = try database.snapshot().first(CommonMaps.positionChange, .all, .backward)?.key ?? position
                #expect(newest == position)
                // Positions go on above those that the original gives out.
                #expect(database.snapshot().position >= position)
            }
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func isOfOneMoment(seed: UInt64) throws {
        let seeded = SeededEnvironment(seed: seed)
        let counters = try Counters(seeded.environment)
        let answered = Shared([UInt64](repeating: 0, count: Counters.clients.count))
        let taken = Shared<[(paths: [String], outcome: Checkpoint.Outcome, answered: [UInt64])]>([])
        try seeded.run {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in Counters.clients {
                    group.addTask {
                        for count in 0..<12 as Range<UInt64> {
                            try await counters.count(client, from: count)
                            answered.change { $0[Int(client)] = count + 1 }
                        }
                    }
                }
                // Side by side, too.
                for number in 0..<2 {
                    group.addTask {
                        for round in 0..<2 {
                            let paths = (0..<3).map { counters.store.path(of: "copy \(number) \(round) \($0)") }
                            let before = answered.value
                            let outcome = try await Checkpoint.take(of: counters.databases, to: paths)
                            taken.change { $0.append((paths, outcome, before)) }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        counters.close()
        #expect(taken.value.count == 4)
        for checkpoint in taken.value { try counters.check(checkpoint.paths, checkpoint.outcome, answered: checkpoint.answered) }
    }

    @Test func isTakenBesideThreads() async throws {
        let counters = try Counters()
        let answered = Shared([UInt64](repeating: 0, count: Counters.clients.count))
        let paths = (0..<3).map { counters.store.path(of: "copy \($0)") }
        let (outcome, before) = try await withThrowingTaskGroup(of: Void.self) { group in
            for client in Counters.clients {
                group.addTask {
                    for count in 0..<200 as Range<UInt64> {
                        try await counters.count(client, from: count)
                        answered.change { $0[Int(client)] = count + 1 }
                    }
                }
            }
            try await until { answered.value.allSatisfy { $0 > 5 } }
            let before = answered.value
            let outcome = try await Checkpoint.take(of: counters.databases, to: paths)
            try await group.waitForAll()
            return (outcome, before)
        }
        counters.close()
        try counters.check(paths, outcome, answered: before)
    }

    @Test func copiesLittleOfALongLog() async throws {
        let store = try TestStore()
        let database = try store.open()
        defer { database.close() }
        let values = (0..<8 as Range<UInt8>).map { [UInt8](repeating: $0, count: 800_000) }
        for value in values { try await database.commit { $0.put(TestMaps.bytes, [value[0]], value) } }
        let path = store.path(of: "copy")
        _ = try await Checkpoint.take(of: [database], to: [path])
        #expect(try DatabaseFiles(in: path).logSize < 1 << 20)
        // Tables are the same files.
        let table = try #require(try DatabaseFiles.names(in: path).first { $0.hasSuffix(".sst") })
        var status = stat()
        #expect(stat("\(path)/\(table)", &status) == 0 && status.st_nlink == 2)
        try await store.session(at: path) { copy in
            var walk = try copy.snapshot().domain(TestMaps.bytes, .all)
            #expect(try walk.collect().map(\.value) == values)
        }
    }

    @Test func leavesNothingWhenItFails() async throws {
        let counters = try Counters()
        let paths = [counters.store.path(of: "copy"), counters.store.path(of: "missing/copy"), counters.store.path(of: "other copy")]
        await #expect(throws: StoreError.self) { try await Checkpoint.take(of: counters.databases, to: paths) }
        for path in paths { #expect(access(path, F_OK) != 0) }
        // Nobody is held any more.
        try await counters.count(0, from: 0)

        // What is there isn't touched.
        let taken = [counters.store.path(of: "x"), counters.store.path(of: "y"), counters.store.path(of: "a")]
        let error = await #expect(throws: StoreError.self) { try await Checkpoint.take(of: counters.databases, to: taken) }
        #expect(error.map { "\($0)" } == "\(taken[2]) is there already")
        #expect(access("\(taken[2])/CURRENT", F_OK) == 0)

        // One of them is closed.
        counters.databases[1].close()
        let copies = (0..<3).map { counters.store.path(of: "copy \($0)") }
        await #expect(throws: StoreError.self) { try await Checkpoint.take(of: counters.databases, to: copies) }
        for path in copies { #expect(access(path, F_OK) != 0) }
        _ = try await counters.databases[0].stamp()
        counters.close()
    }
}
