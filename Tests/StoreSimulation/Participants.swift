import FaultyDisk
import Glibc
import Store

/// Somebody who takes part in a life, for as long as it lasts or until there is nothing left to do.
protocol Participant: Sendable {
    func run(in life: Life) async throws
}

/// Commits to all databases.
struct Client: Participant {
    let name: String
    let dice: Dice
    let steps: Int
    /// Whether it goes from one database to the next without rest; otherwise it takes its time, and any of them.
    var isHasty = false

    func run(in life: Life) async throws {
        for step in 0..<steps where !life.isOver {
            let index = isHasty ? step % life.databases.count : dice.int(in: 0..<life.databases.count)
            try await commit(CommitPlan(dice), to: life.databases[index], life.models[index], life)
            if !isHasty, dice.one(in: 3) { await life.sleep(dice.int(in: 0..<30)) }
        }
    }

    private func commit(_ plan: CommitPlan, to database: Database, _ model: DatabaseModel, _ life: Life) async throws {
        do {
            let made = try await database.commit(plan.durability) {
                try plan.run(in: $0, model: model, causes: life.models.map(\.bound), mayLose: life.hasFailed)
            }
            guard plan.ending != .tooLarge else { throw Violation("\(model.name): a commit that is too large was answered") }
            life.trace.note(name, "\(model.name) \(made.number) \(plan.ending == .onlyRead ? "read" : "\(plan.durability)")")
            if let attempt = made.attempt {
                try model.acknowledge(made.number, attempt: attempt, plan.durability, mayLose: life.hasFailed)
            } else if plan.durability == .synced {
                try model.confirm(made.number)
            }
        } catch let refusal as CommitPlan.Refusal {
            life.trace.note(name, "\(model.name) refused at \(refusal.seen)")
            try model.confirm(refusal.seen)
        } catch is CommitPlan.TooLate {
            return
        } catch StoreError.commitTooLarge where plan.ending == .tooLarge {
            life.trace.note(name, "\(model.name) too large")
        } catch let error as StoreError where life.hasFailed && error.isExpectedOfFailure {
            life.trace.note(name, "\(model.name) \(error.isOutcomeUnknown ? "unknown" : "unavailable")")
            await life.sleep(dice.int(in: 0..<100))
        }
    }
}

/// Reads published states, some of them over a while.
struct ReadingClient: Participant {
    let name: String
    let dice: Dice
    let steps: Int

    func run(in life: Life) async throws {
        for _ in 0..<steps where !life.isOver {
            let index = dice.int(in: 0..<life.databases.count)
            try await read(life.databases[index], life.models[index], life)
            await life.sleep(dice.int(in: 0..<40))
        }
    }

    private func read(_ database: Database, _ model: DatabaseModel, _ life: Life) async throws {
        let bound = model.bound
        let snapshot = database.snapshot()
        guard let published = try model.read(try snapshot.lastNumber, position: snapshot.position, bound: bound, mayLose: life.hasFailed)
        else { return }
        life.trace.note(name, "\(model.name) at \(published.version.number)")
        try published.checkSome(of: snapshot, dice)
        guard dice.one(in: 3) else { return }
        await life.sleep(dice.int(in: 0..<30))
        try published.checkSome(of: snapshot, dice)
    }
}

/// Waits for changes, and finds that there are some when it is woken, and none when it isn't.
struct WaitingClient: Participant {
    let name: String
    let dice: Dice
    let steps: Int

    func run(in life: Life) async throws {
        for _ in 0..<steps where !life.isOver {
            let group = dice.int(in: 0..<SimulationMaps.groups.count)
            let scope = SimulationMaps.scopes[group]
            let waiter = life.notifier.register([scope])
            let before = try positions(of: scope, life)
            let isWoken = await isWoken(waiter, within: dice.int(in: 1..<200), life)
            life.trace.note(name, "\(isWoken ? "woken" : "not woken") for group \(group)")
            let hasChanged = try positions(of: scope, life) != before
            // After a failure everybody is woken.
            if isWoken, !hasChanged, !life.isOver, !life.hasFailed {
                throw Violation("\(name): woken for group \(group) without a change")
            }
            // The change may have come at the very end of the wait; then the next one ends at once.
            if !isWoken, hasChanged, !(await self.isWoken(waiter, within: 1000, life)), !life.isOver {
                throw Violation("\(name): not woken for a change of group \(group)")
            }
        }
    }

    private func isWoken(_ waiter: Waiter, within milliseconds: Int, _ life: Life) async -> Bool {
        let start = life.seeded.clock.now()
        await waiter.wait(atMost: Int64(milliseconds), on: life.seeded.clock)
        return life.seeded.clock.now() < start + Int64(milliseconds)
    }

    private func positions(of scope: Scope, _ life: Life) throws -> [Position?] {
        try life.databases.map { try $0.snapshot().positions(of: [scope])[0] }
    }
}

/// Writes and merges tables now and then, on a thread of its own, since it waits for RocksDB's.
struct Housekeeping: Participant {
    let dice: Dice
    let steps: Int

    func run(in life: Life) async throws {
        let worker = life.seeded.executors.makeWorker()
        for _ in 0..<steps where !life.isOver {
            await life.sleep(dice.int(in: 20..<200))
            let index = dice.int(in: 0..<life.databases.count)
            let isCompaction = dice.one(in: 3)
            let failure: (any Error)? = await withCheckedContinuation { continuation in
                worker.enqueue {
                    do {
                        if isCompaction { try life.databases[index].compactTables() } else { try life.databases[index].flushTables() }
                        continuation.resume(returning: nil)
                    } catch {
                        continuation.resume(returning: error)
                    }
                }
            }
            life.trace.note(
                "housekeeping", "\(isCompaction ? "compact" : "flush") \(life.models[index].name)\(failure == nil ? "" : " failed")")
            if let failure, !life.hasFailed { throw failure }
        }
    }
}

/// Makes the disk fail for a while, now and then.
struct DiskTrouble: Participant {
    let dice: Dice
    let steps: Int

    func run(in life: Life) async throws {
        for _ in 0..<steps where !life.isOver {
            await life.sleep(dice.int(in: 20..<500))
            let calls = dice.pick([.write, .sync, .growth, .all] as [FaultyDisk.Calls])
            let first = life.disk.calls + dice.number(in: 1..<12)
            let count = dice.pick([1, 1, 2, 5, .max] as [UInt64])
            life.disk.fail(calls, from: first, count: count, with: dice.pick([ENOSPC, EIO]), isShort: dice.one(in: 3))
            life.trace.note("disk", "trouble from call \(first)")
            await life.sleep(dice.int(in: 1..<800))
            life.disk.heal()
            life.trace.note("disk", "well after \(life.disk.failures) failures")
        }
    }
}

extension StoreError {
    /// Whether it is what a commit fails with when writing fails.
    var isExpectedOfFailure: Bool {
        switch self {
        case .outcomeUnknown, .unavailable: true
        default: false
        }
    }

    var isOutcomeUnknown: Bool {
        if case .outcomeUnknown = self { true } else { false }
    }
}
