import Glibc
import Store
import StoreSimulation
import Synchronization

/// Seeds block the thread that they run on, so each of these has one.
private let threadCount = 2
/// Lives as long as the program: a pool that goes takes its threads with it.
private let threads = ThreadExecutors(threads: threadCount)

/// Runs all seeds, or until one fails.
///
/// - Returns: whether none has failed.
func runAll(_ seeds: Range<UInt64>) async -> Bool {
    let waiting = WaitingSeeds(seeds)
    return await withTaskExecutorPreference(threads.short) {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<threadCount {
                group.addTask {
                    while let seed = waiting.next() {
                        guard run(seed, printsTrace: false) else {
                            waiting.clear()
                            return false
                        }
                        if (seed - seeds.lowerBound + 1) % 100 == 0 { say("\(seed - seeds.lowerBound + 1) seeds") }
                    }
                    return true
                }
            }
            return await group.reduce(true) { $0 && $1 }
        }
    }
}

/// Runs a seed, and prints what was wrong.
///
/// - Returns: whether nothing was.
func run(_ seed: UInt64, printsTrace: Bool) -> Bool {
    let outcome = Simulation.run(seed: seed)
    let lines = printsTrace ? outcome.trace : outcome.failure == nil ? [] : outcome.trace.suffix(30)
    for line in lines { say(line) }
    if let failure = outcome.failure { say("seed \(seed): \(failure)") }
    return outcome.failure == nil
}

/// Prints a line at once, into a file too.
func say(_ line: String) {
    print(line)
    fflush(nil)
}

private final class WaitingSeeds: Sendable {
    private let seeds: Mutex<Range<UInt64>>

    init(_ seeds: Range<UInt64>) {
        self.seeds = Mutex(seeds)
    }

    func next() -> UInt64? {
        seeds.withLock { $0.popFirst() }
    }

    func clear() {
        seeds.withLock { $0 = 0..<0 }
    }
}
