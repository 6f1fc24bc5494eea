import Store

/// Starts jobs, and makes requests that span the databases.
struct Requester: Sendable {
    let name: String
    let dice: Dice
    let steps: Int

    func run(in life: Life, _ services: Services, _ outside: Outside) async throws {
        for _ in 0..<steps where !life.isOver {
            do {
                if dice.one(in: 2) {
                    try await services.count(dice.number(in: 1..<6), in: life, outside: outside)
                } else {
                    try await services.request(in: life, outside: outside)
                }
            } catch let error as StoreError where life.isOver || life.hasFailed && error.isExpectedOfFailure {
                life.trace.note(name, error.isOutcomeUnknown ? "unknown" : "unavailable")
            }
            await life.sleep(dice.int(in: 0..<60))
        }
    }
}
