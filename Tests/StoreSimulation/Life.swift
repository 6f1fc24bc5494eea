import FaultyDisk
import RocksDB
import Store
import StoreTestSupport
import Synchronization

/// The three databases from one opening to the next crash, on a disk of their own.
final class Life: Sendable {
    static let databaseNames = ["rooms", "accounts", "transitory"]
    static let serverName = "simulation.example"

    let disk: FaultyDisk
    let databases: [Database]
    let models: [DatabaseModel]
    let seeded: SeededEnvironment
    let environment: Environment
    let notifier: Notifier
    let trace: Trace
    private let watch: Watch

    /// Opens the databases in `directory`, on a disk that is made for them and that crashes as `crash` says.
    ///
    /// - Throws: `Violation` when something is not as it was left.
    init(
        directory: String, after predecessor: FaultyDisk?, models: [DatabaseModel], outside: Outside, seeded: SeededEnvironment,
        trace: Trace, crash: Crash
    ) throws {
        self.models = models
        self.seeded = seeded
        self.trace = trace
        let notifier = Notifier()
        self.notifier = notifier
        let watch = Watch(models: models, executors: seeded.executors)
        self.watch = watch
        let disk = FaultyDisk(directory: directory, continuing: predecessor) { watch.observe($0) }
        self.disk = disk
        if crash.isEarly { disk.crash(atCall: crash.call, into: crash.image, losing: crash.loss, seed: crash.seed) }
        var environment = seeded.environment
        environment.onHealthChange = { watch.note($0, $1) }
        self.environment = environment
        let schemas = models.map { SimulationMaps.schema($0.name, version: $0.schemaVersion) }
        let blockCache = BlockCache(capacityBytes: 1 << 20)
        let preparation = DatabasePreparation(
            schemas, in: directory, serverName: Self.serverName, blockCache: blockCache, environment: environment)
        try seeded.run { try await preparation.run { trace.note("preparation", "\($0)") } }
        databases = try schemas.map { [environment] schema in
            try Database(
                schema: schema, directory: "\(directory)/\(schema.name)", serverName: Self.serverName, blockCache: blockCache,
                environment: environment, notifier: notifier, probeBytes: 1000)
        }
        // What happens after the crash doesn't count: the models go on from before.
        hasBegun = !disk.hasCrashed
        guard hasBegun else { return }
        let snapshots = databases.map { $0.snapshot() }
        let recovered = try zip(snapshots, models).map { snapshot, model in
            let recovered = try model.recover(try snapshot.lastNumber)
            trace.note(model.name, "opened at \(recovered.version.number)")
            try recovered.checkAll(of: snapshot)
            try model.checkMigration(of: snapshot)
            return recovered
        }
        try outside.check(rooms: snapshots[0], recovered[0], accounts: snapshots[1], transitory: snapshots[2])
        watch.begin(databases)
        if !crash.isEarly { disk.crash(atCall: disk.calls + crash.call, into: crash.image, losing: crash.loss, seed: crash.seed) }
    }

    /// When and how a life ends.
    struct Crash: Sendable {
        /// The number of the call on the disk before which it happens.
        let call: UInt64
        /// Whether calls are counted from the beginning, and not from when the databases are open.
        let isEarly: Bool
        let image: String
        let loss: FaultyDisk.Loss
        let seed: UInt64
    }

    /// Whether it didn't crash before the databases were open.
    let hasBegun: Bool

    /// Whether the crash has happened, so that nothing counts any more.
    var isOver: Bool { disk.hasCrashed }

    /// Whether a write or a sync has failed.
    var hasFailed: Bool { disk.failures > 0 }

    /// Writes what later lives migrate.
    func begin() async throws {
        for (database, model) in zip(databases, models) {
            let version = model.schemaVersion
            do {
                try await database.commit { commit in
                    guard try !commit.contains(SimulationMaps.migrated, 0) else { return }
                    for number in SimulationMaps.migratedNumbers { commit.put(SimulationMaps.migrated, number, version) }
                }
            } catch let error as StoreError where error.isExpectedOfFailure && (isOver || hasFailed) {
                return
            }
        }
    }

    /// Crashes now unless that has happened, closes the databases, and tells the models what had been published at the crash.
    func end(_ crash: Crash) throws {
        if !disk.hasCrashed {
            watch.observe(.crash)
            disk.takeImage(at: crash.image, losing: crash.loss, seed: crash.seed)
        }
        for (model, snapshot) in zip(models, watch.end()) { model.sawAtCrash(try snapshot.lastNumber) }
        disk.heal()
        for database in databases { database.close() }
    }

    /// Lets time pass.
    func sleep(_ milliseconds: Int) async {
        await withCheckedContinuation { continuation in
            _ = seeded.clock.schedule(after: Int64(milliseconds)) { continuation.resume() }
        }
    }
}

/// What happens while the disk is called.
private final class Watch: Sendable {
    private let models: [DatabaseModel]
    private let executors: SeededExecutors
    private let state = Mutex(State())

    private struct State {
        var databases: [Database] = []
        var published: [PublishedSnapshot] = []
        /// The databases that are failing; one that is being opened again lets nobody read meanwhile.
        var failing: Set<String> = []
    }

    init(models: [DatabaseModel], executors: SeededExecutors) {
        self.models = models
        self.executors = executors
    }

    func begin(_ databases: [Database]) {
        state.withLock { $0.databases = databases }
    }

    func note(_ database: String, _ health: DatabaseHealth) {
        state.withLock { state in
            if health == .well { state.failing.remove(database) } else { state.failing.insert(database) }
        }
    }

    /// The states that were published at the crash; none when it came before the databases were open.
    func end() -> [PublishedSnapshot] {
        state.withLock { state in
            defer { state = State() }
            return state.published
        }
    }

    func observe(_ moment: FaultyDisk.Moment) {
        let (databases, isReadable) = state.withLock { ($0.databases, $0.failing.isEmpty) }
        switch moment {
        case .logSync:
            if isReadable { executors.runTasksMeanwhile() }
        case .crash:
            let published = isReadable ? databases.map { $0.snapshot() } : []
            state.withLock { $0.published = published }
            for model in models { model.freeze() }
        }
    }
}

extension Reader {
    /// The number of the last commit.
    var lastNumber: UInt64 {
        get throws { try get(SimulationMaps.lastNumber, SimulationMaps.lastNumberKey) ?? 0 }
    }
}
