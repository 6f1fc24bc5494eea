import FaultyDisk
import Glibc
import StoreTestSupport
import TestSupport

/// A run of the store from a seed: lives of its three databases, each on the image that the crash before has left.
///
/// Everything that happens is the seed's, so the same seed is the same run.
package struct Simulation {
    /// How a run went.
    package struct Outcome: Sendable {
        /// What happened, line by line.
        package let trace: [String]
        /// What was wrong; nil when nothing was.
        package let failure: String?
    }

    private let seed: UInt64
    private let dice: Dice
    private let seeded: SeededEnvironment
    private let trace: Trace
    private let outside = Outside()
    private let models = Life.databaseNames.map { DatabaseModel(name: $0) }

    /// Runs the seed in a temporary directory.
    package static func run(seed: UInt64) -> Outcome {
        Simulation(seed: seed).run()
    }

    /// Memory where there is enough: file systems on disks take their time to make and remove so many files.
    private static let folder: String? = {
        var status = statvfs()
        guard statvfs("/dev/shm", &status) == 0, access("/dev/shm", W_OK) == 0 else { return nil }
        return UInt(status.f_bavail) * status.f_frsize > 512 << 20 ? "/dev/shm" : nil
    }()

    private init(seed: UInt64) {
        self.seed = seed
        dice = Dice(seed: seed)
        seeded = SeededEnvironment(seed: seed)
        trace = Trace(clock: seeded.clock)
    }

    private func run() -> Outcome {
        var failure: String?
        do {
            try runLives(in: try TemporaryDirectory("martlet-simulation", in: Self.folder))
        } catch {
            failure = "\(error)"
        }
        return Outcome(trace: trace.lines, failure: failure)
    }

    private func runLives(in directory: TemporaryDirectory) throws {
        let lives = dice.int(in: 2..<6)
        guard mkdir("\(directory.path)/0", 0o700) == 0 else { throw Violation("no directory: \(errno)") }
        var last: FaultyDisk?
        for number in 0..<lives {
            let migrates = number > 0 && dice.one(in: 3)
            if migrates { dice.pick(models).raiseSchemaVersion() }
            let isEarly = dice.one(in: migrates ? 2 : 6)
            let crash = Life.Crash(
                call: dice.number(in: 1..<(isEarly ? 300 : 700)), isEarly: isEarly, image: "\(directory.path)/\(number + 1)",
                loss: dice.pick([.none, .cut, .torn]), seed: dice.seed())
            trace.note("life \(number)", "crash at call \(crash.call), losing \(crash.loss)")
            last = try live(in: "\(directory.path)/\(number)", after: last, crash)
        }
        // The last image is as whole as the others.
        let crash = Life.Crash(call: .max, isEarly: true, image: "\(directory.path)/end", loss: .none, seed: 0)
        let life = try Life(
            directory: "\(directory.path)/\(lives)", after: last, models: models, outside: outside, seeded: seeded, trace: trace,
            crash: crash)
        try life.end(crash)
    }

    private func live(in directory: String, after last: FaultyDisk?, _ crash: Life.Crash) throws -> FaultyDisk {
        let life = try Life(directory: directory, after: last, models: models, outside: outside, seeded: seeded, trace: trace, crash: crash)
        let participants = participants(directory)
        let requesters = (0..<dice.int(in: 0..<3)).map {
            Requester(name: "requester \($0)", dice: dice.split(), steps: dice.int(in: 1..<8))
        }
        try seeded.run { [outside] in
            // A life that crashed while it began has nothing to show.
            guard !life.isOver else { return }
            try await life.begin()
            let services = try await Services.start(in: life, outside: outside)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for participant in participants { group.addTask { try await participant.run(in: life) } }
                for requester in requesters { group.addTask { try await requester.run(in: life, services, outside) } }
                try await group.waitForAll()
            }
            await services.stop()
            try outside.throwReported()
        }
        trace.note("life", life.isOver ? "crashed" : "ended")
        try life.end(crash)
        if life.hasBegun, dice.one(in: 3) { try Losses.check(imageAt: crash.image, models: models, seeded: seeded, trace: trace, dice) }
        // Clocks go wrong; positions don't.
        if dice.one(in: 3) { seeded.clock.set(to: seeded.clock.now() - dice.number(in: 0..<3_600_000)) }
        return life.disk
    }

    private func participants(_ directory: String) -> [any Participant] {
        var participants: [any Participant] = []
        for number in 0..<dice.int(in: 1..<5) {
            participants.append(Client(name: "client \(number)", dice: dice.split(), steps: dice.int(in: 5..<40)))
        }
        for number in 0..<2 {
            participants.append(ReadingClient(name: "reader \(number)", dice: dice.split(), steps: dice.int(in: 5..<25)))
        }
        participants.append(WaitingClient(name: "waiter", dice: dice.split(), steps: dice.int(in: 1..<10)))
        if dice.one(in: 2) {
            let directory = "\(directory)/backup-\(dice.seed())"
            participants.append(BackingUp(dice: dice.split(), directory: directory))
        }
        participants.append(Housekeeping(dice: dice.split(), steps: dice.int(in: 0..<4)))
        if dice.one(in: 2) { participants.append(DiskTrouble(dice: dice.split(), steps: dice.int(in: 1..<4))) }
        return participants
    }
}
