import Logging
import Store

/// Logs what happens while the databases are brought to a newer schema: the way through a long map now and then, everything else at once.
struct UpgradeLog {
    let logger: Logger
    let clock: any Clock
    private var lastEntriesTime: Int64 = 0

    private static let entriesIntervalMilliseconds: Int64 = 5000

    init(logger: Logger, clock: any Clock) {
        self.logger = logger
        self.clock = clock
    }

    mutating func log(_ event: UpgradeEvent) {
        if case .entriesMigrated = event {
            let now = clock.now()
            guard now - lastEntriesTime >= Self.entriesIntervalMilliseconds else { return }
            lastEntriesTime = now
        }
        logger.notice("\(event)")
    }
}
