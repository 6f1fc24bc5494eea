import FaultyDisk
import Glibc
import Store
import StoreTestSupport
import Testing

/// A database on a disk that fails when it is asked to, in a repeatable run.
final class FaultyStore: Sendable {
    let seeded: SeededEnvironment
    let store: TestStore
    let disk: FaultyDisk
    let database: Database
    /// What was reported of the database's health.
    let reports = Shared<[String]>([])

    init(seed: UInt64, executors: (any Executors)? = nil, clock: VirtualClock = VirtualClock()) throws {
        seeded = SeededEnvironment(seed: seed, clock: clock)
        var environment = seeded.environment
        if let executors { environment.executors = executors }
        environment.onHealthChange = { [reports] database, health in
            let word = if case .well = health { "well" } else { "failing" }
            // A reason that changes is reported too.
            reports.change { if $0.last != "\(database) \(word)" { $0.append("\(database) \(word)") } }
        }
        store = try TestStore(environment: environment)
        let path = store.path(of: "disk")
        try #require(mkdir(path, 0o700) == 0)
        disk = FaultyDisk(directory: path)
        database = try store.open(at: "\(path)/test", probeBytes: 1000)
    }

    func run(_ body: @escaping @Sendable (Database) async throws -> Void) throws {
        try seeded.run { [database] in try await body(database) }
    }

    /// Lets time pass.
    func sleep(_ milliseconds: Int64) async {
        let end = seeded.clock.now() + milliseconds
        let waiter = Notifier().register([])
        while seeded.clock.now() < end { await waiter.wait(atMost: end - seeded.clock.now(), on: seeded.clock) }
    }

    /// Heals the disk, and waits until the database writes again.
    func heal() async throws {
        disk.heal()
        for _ in 0..<1000 {
            if database.health == .well { return }
            await sleep(10)
        }
        throw NeverSo()
    }
}

/// What a commit met.
enum FailureKind: Hashable, Sendable {
    case outcomeUnknown
    case unavailable
    case other
}

/// How `body` fails; nil when it doesn't.
func failure<Result>(_ body: () async throws -> Result) async -> FailureKind? {
    do {
        _ = try await body()
        return nil
    } catch StoreError.outcomeUnknown {
        return .outcomeUnknown
    } catch StoreError.unavailable {
        return .unavailable
    } catch {
        return .other
    }
}

func expect<Result>(_ kind: FailureKind, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Result) async {
    #expect(await failure(body) == kind, sourceLocation: sourceLocation)
}
