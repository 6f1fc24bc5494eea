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
    private let models = Life.databaseNames.map { DatabaseModel(name: $0) }

    /// Runs the seed in a temporary directory.
    package static func run(seed: UInt64) -> Outcome {
        Simulation(seed: seed).run()
    }

    private init(seed: UInt64) {
        self.seed = seed
        dice = Dice(seed: seed)
        seeded = SeededEnvironment(seed: seed)
        trace = Trace(clock: seeded.clock)
    }

    private func run() -> Outcome {
        var failure: String?
        do {
            try runLives(in: try TemporaryDirectory("martlet-simulation"))
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
            let crash = Life.Crash(
                call: dice.one(in: 8) ? dice.number(in: 1..<60) : dice.number(in: 60..<500), image: "\(directory.path)/\(number + 1)",
                loss: dice.pick([.none, .cut, .torn]), seed: dice.seed())
            trace.note("life \(number)", "crash at call \(crash.call), losing \(crash.loss)")
            last = try live(in: "\(directory.path)/\(number)", after: last, crash)
        }
        // The last image is as whole as the others.
        let crash = Life.Crash(call: .max, image: "\(directory.path)/end", loss: .none, seed: 0)
        let life = try Life(
            directory: "\(directory.path)/\(lives)", after: last, models: models, seeded: seeded, trace: trace, crash: crash)
        try life.end(crash)
    }

    private func live(in directory: String, after last: FaultyDisk?, _ crash: Life.Crash) throws -> FaultyDisk {
        let life = try Life(directory: directory, after: last, models: models, seeded: seeded, trace: trace, crash: crash)
        let participants = participants()
        try seeded.run {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for participant in participants { group.addTask { try await participant.run(in: life) } }
                try await group.waitForAll()
            }
        }
        trace.note("life", life.isOver ? "crashed" : "ended")
        try life.end(crash)
        return life.disk
    }

    private func participants() -> [any Participant] {
        var participants: [any Participant] = []
        for number in 0..<dice.int(in: 1..<5) {
            participants.append(Client(name: "client \(number)", dice: dice.split(), steps: dice.int(in: 5..<40)))
        }
        for number in 0..<2 {
            participants.append(ReadingClient(name: "reader \(number)", dice: dice.split(), steps: dice.int(in: 5..<25)))
        }
        participants.append(WaitingClient(name: "waiter", dice: dice.split(), steps: dice.int(in: 1..<10)))
        participants.append(Housekeeping(dice: dice.split(), steps: dice.int(in: 0..<4)))
        if dice.one(in: 2) { participants.append(DiskTrouble(dice: dice.split(), steps: dice.int(in: 1..<4))) }
        return participants
    }
}
