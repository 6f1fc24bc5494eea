import Store
import StoreSimulation
import Testing

/// The store keeps its promises whatever the disk does. `make simulate` runs more seeds.
@Suite struct SimulationTests {
    /// Seeds block the thread that they run on.
    private static let threads = ThreadExecutors(threads: 2)

    @Test(arguments: [1...100, 101...200] as [ClosedRange<UInt64>])
    func holdsUnderSeeds(seeds: ClosedRange<UInt64>) async {
        await withTaskExecutorPreference(Self.threads.short) {
            for seed in seeds {
                let outcome = Simulation.run(seed: seed)
                guard let failure = outcome.failure else { continue }
                let end = outcome.trace.suffix(30).joined(separator: "\n")
                Issue.record("\(failure)\nAgain: store-simulation --seed \(seed) --trace\n\(end)")
            }
        }
    }

    @Test func repeatsItself() async {
        let (first, second, other) = await withTaskExecutorPreference(Self.threads.short) {
            (Simulation.run(seed: 300), Simulation.run(seed: 300), Simulation.run(seed: 301))
        }
        #expect(first.trace == second.trace)
        #expect(first.trace != other.trace)
        #expect(first.trace.count > 50)
    }
}
