import Store

/// Requests that wait for something to happen.
struct LongPoll: Sendable {
    let notifier: Notifier
    let clock: any Clock

    /// The longest time that a request waits, in milliseconds.
    private static let timeoutMaxMilliseconds: Int64 = 10 * 60 * 1000

    /// Asks for the answer whenever something has happened in one of the scopes, until it tells something or the time is up.
    ///
    /// - Parameter mayTell: whether what has happened since it was asked last may make a difference.
    func answer<Answer>(
        waitingFor scopes: [Scope], atMost timeoutMilliseconds: Int64, if mayTell: () throws -> Bool = { true },
        _ ask: () async throws -> (answer: Answer, tellsSomething: Bool)
    ) async throws -> Answer {
        // Whoever registers before reading misses nothing that comes between the two.
        let waiter = notifier.register(scopes)
        let deadline = clock.now() + min(timeoutMilliseconds, Self.timeoutMaxMilliseconds)
        while true {
            let remaining: Int64
            do {
                // What the answer was made from isn't held while waiting.
                let (answer, tellsSomething) = try await ask()
                remaining = deadline - clock.now()
                if tellsSomething || remaining <= 0 || Task.isCancelled { return answer }
            }
            await waiter.wait(atMost: remaining, on: clock)
            while clock.now() < deadline, !Task.isCancelled, try !mayTell() { await waiter.wait(atMost: deadline - clock.now(), on: clock) }
        }
    }
}
