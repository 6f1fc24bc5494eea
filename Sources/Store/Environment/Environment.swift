/// Everything that the server takes from the world outside its own logic: time, randomness, threads;
/// and whom it tells how it is.
///
/// Whatever stands above Store gets these from here and from nowhere else, so that a test can run several servers on a
/// virtual clock and one seeded executor.
package struct Environment: Sendable {
    /// Wall-clock time and timers.
    package var clock: any Clock
    /// Bytes that nobody can guess.
    package var random: any RandomSource
    /// The threads on which handlers, writers and flushers run.
    package var executors: any Executors

    /// What makes requests to other servers; by default none are made.
    package var outgoingHTTP: any OutgoingHTTP = NoOutgoingHTTP()

    /// Is told when a database, given by its name, begins to fail, fails for another reason, or is well again. Must be quick.
    package var onHealthChange: @Sendable (_ database: String, DatabaseHealth) -> Void = { _, _ in }

    package init(clock: any Clock, random: any RandomSource, executors: any Executors) {
        self.clock = clock
        self.random = random
        self.executors = executors
    }

    /// The machine's own clock, randomness and threads.
    package static func system() -> Environment {
        Environment(clock: SystemClock(), random: SystemRandom(), executors: ThreadExecutors())
    }
}
