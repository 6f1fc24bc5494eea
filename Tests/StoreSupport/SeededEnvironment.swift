import Store

/// An environment in which a run is repeatable, and the handles by which a test drives it.
package struct SeededEnvironment: Sendable {
    package let clock: VirtualClock
    package let executors: SeededExecutors
    package let random: SeededRandom

    package init(seed: UInt64, clock: VirtualClock = VirtualClock()) {
        self.clock = clock
        executors = SeededExecutors(seed: seed)
        random = SeededRandom(seed: seed)
    }

    /// The same as the store takes it.
    package var environment: Environment {
        Environment(clock: clock, random: random, executors: executors)
    }

    /// Runs `body` and whatever it sets going; time passes only when nothing else is left to do.
    package func run<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) throws -> Result {
        try executors.run(advancing: clock, body)
    }
}
