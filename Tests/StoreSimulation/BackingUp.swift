import RocksDB
import Store

/// Takes checkpoints of all databases while others commit, and opens a copy of each.
struct BackingUp: Participant {
    let dice: Dice
    let directory: String

    func run(in life: Life) async throws {
        for number in 0..<dice.int(in: 1..<4) {
            await life.sleep(dice.int(in: 0..<100))
            guard !life.isOver else { return }
            try await withThrowingTaskGroup(of: Void.self) { group in
                // What one database has by then is answered before the next one is told of it.
                for name in 0..<2 {
                    let client = Client(name: "backup's client \(name)", dice: dice.split(), steps: 6, isHasty: true)
                    group.addTask { try await client.run(in: life) }
                }
                group.addTask { try await backUp("\(directory)-\(number)", life) }
                try await group.waitForAll()
            }
        }
    }

    private func backUp(_ prefix: String, _ life: Life) async throws {
        let bounds = life.models.map(\.bound)
        let paths = Life.databaseNames.map { "\(prefix)-\($0)" }
        do {
            _ = try await Checkpoint.take(of: life.databases, to: paths)
        } catch let error as StoreError where life.hasFailed || life.isOver {
            return life.trace.note("backup", "failed: \(error.isExpectedOfFailure)")
        }
        guard !life.isOver else { return }
        let numbers = try zip(paths, life.models).enumerated().map { index, pair in
            try check(pair.0, pair.1, life, atLeast: bounds[index])
        }
        life.trace.note("backup", "\(numbers)")
        for (model, number) in zip(life.models, numbers) {
            for (cause, found) in zip(model.causes(of: number), numbers) where cause > found {
                throw Violation("a backup has commit \(number) of \(model.name), and only \(found) where \(cause) was answered before it")
            }
        }
    }

    /// Opens a database of the backup.
    ///
    /// - Returns: its last commit.
    private func check(_ path: String, _ model: DatabaseModel, _ life: Life, atLeast bound: UInt64) throws -> UInt64 {
        let copy = try Database(
            schema: SimulationMaps.schema(model.name, version: model.schemaVersion), directory: path, serverName: Life.serverName,
            blockCache: BlockCache(capacityBytes: 1 << 20), environment: life.environment, notifier: Notifier())
        defer { copy.close() }
        let snapshot = copy.snapshot()
        let number = try snapshot.lastNumber
        guard number >= bound else {
            throw Violation("a backup has commit \(number) of \(model.name), but \(bound) was answered before it")
        }
        try model.published(number)?.checkAll(of: snapshot)
        return number
    }
}
