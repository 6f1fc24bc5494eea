import RocksDB

// After a failed write RocksDB's memory may hold what its log doesn't, so the instance can't be believed any more:
//
// 1. What it has published is still read. Commits that wait for the disk fail with "outcome unknown", later ones before they begin.
// 2. At intervals the disk is tried with a file as large as the database's write buffers.
// 3. When that passes, and when opening can be expected to succeed, the instance is exchanged as soon as nobody reads it: closed, and opened
//    again from what is on the disk. What recovery brings back is published, everybody is woken, and commits are taken again.
extension Database {
    /// Whether it can write.
    package var health: DatabaseHealth {
        // While nobody writes, nobody else notices.
        if let opened = try? openInstance() { checkBackground(of: opened) }
        return currentHealth
    }

    private var currentHealth: DatabaseHealth {
        group.withLock { group in
            if case .failing(let since, let reason) = group.target { .failing(since: since, reason: reason) } else { .well }
        }
    }

    /// Begins to fail when RocksDB could not write or merge tables in the background: what it needs for that, it does not begin again.
    func checkBackground(of opened: OpenInstance) {
        if let error = opened.instance.failure { fail(error, of: opened) }
    }

    /// Has `action` run each time when the database has been opened again after a failure, before anybody can read it: what is remembered of
    /// it and would have been kept up with `Commit.onPublication` is to be forgotten. It must be quick, and not read the database.
    package func onReopening(_ action: @escaping @Sendable () -> Void) {
        reopeningActions.withLock { $0.append(action) }
    }

    /// Begins to fail because of a write to the instance, unless it does already.
    func fail(_ error: RocksDBError, of opened: OpenInstance) {
        let isNew = group.withLock { group in
            guard group.target.isOpen(opened) else { return false }
            group.target = .failing(since: environment.clock.now(), reason: "\(error)")
            return true
        }
        if isNew { startProbing() }
    }

    /// Sets going what follows from a failure: answers for those who wait, and attempts to go on.
    func startProbing() {
        scheduleFlush(after: 0)
        environment.onHealthChange(schema.name, currentHealth)
        schedule(.first)
    }

    // MARK: - On the flusher

    private func schedule(_ step: RecoveryStep) {
        // A timer must not keep a closed database's directory from being opened again.
        _ = environment.clock.schedule(after: step.delayMilliseconds) { [weak self] in
            guard let self else { return }
            flusher.enqueue { self.take(step) }
        }
    }

    /// Takes a step on the way back, and schedules the next one.
    private func take(_ step: RecoveryStep) {
        do {
            switch step {
            case .probe:
                try DiskProbe.run(in: opening.directory, bytes: probeBytes, random: environment.random)
                guard try opening.check() else { throw StoreError.dataDirectory("the database in \(opening.directory) is gone") }
            case .exchange:
                if try exchange(closingGate: step.closesGate) {
                    notePublication()
                    return notifier.wakeAll()
                }
            }
            schedule(step.next)
        } catch {
            setReason("\(error)")
            schedule(step.later)
        }
    }

    /// Closes the instance and opens it again, when nobody reads it.
    ///
    /// - Returns: whether nobody did.
    private func exchange(closingGate: Bool) throws -> Bool {
        var begun: Result<(target: WriteTarget, position: Position), any Error>?
        let isDone = published.exchange(closingGate: closingGate) { position in
            // What recovery brings back was published by nobody.
            for action in reopeningActions.withLock({ $0 }) { action() }
            do {
                let opened = try opening.openAgain()
                let (target, position) = try WriteTarget.begin(opened, in: opening.directory, now: environment.clock.now())
                begun = .success((target, position))
                return PublishedSnapshot(position: position, of: opened)
            } catch {
                begun = .failure(error)
            }
            // Reading takes nothing of the disk, so it may be possible all the same. What it shows goes further than what was published.
            do {
                let opened = try opening.openForReading()
                return PublishedSnapshot(position: max(position, try WriterCounters.lastReserved(in: opened)), of: opened)
            } catch {
                return PublishedSnapshot(position: position, unreadable: .unavailable("\(error)"))
            }
        }
        guard isDone, let (target, position) = try begun?.get() else { return false }
        group.withLock { group in
            group.position = position
            group.target = target
        }
        environment.onHealthChange(schema.name, .well)
        return true
    }

    private func setReason(_ reason: String) {
        let isNew = group.withLock { group in
            guard case .failing(let since, let oldReason) = group.target, reason != oldReason else { return false }
            group.target = .failing(since: since, reason: reason)
            return true
        }
        if isNew { environment.onHealthChange(schema.name, currentHealth) }
    }
}

/// What a failing database does next to go on.
private enum RecoveryStep {
    /// Tries the disk, so long after the step before.
    case probe(afterMilliseconds: Int64)
    /// Exchanges the instance if nobody reads it; `attempt` counts from 1.
    case exchange(attempt: Int)

    /// The disk is tried for the first time after so long; each further time takes twice as long,
    private static let probeIntervalMinMilliseconds: Int64 = 250
    /// but no longer than this.
    private static let probeIntervalMaxMilliseconds: Int64 = 5000
    private static let exchangeIntervalMilliseconds: Int64 = 5
    /// Readers that overlap have about a second, and another one after each closing of the gate.
    private static let attemptsPerGate = 200
    /// After so many attempts it has to be seen again whether the disk takes writes.
    private static let attemptsMax = 2000

    static let first = probe(afterMilliseconds: probeIntervalMinMilliseconds)

    var delayMilliseconds: Int64 {
        switch self {
        case .probe(let delay): delay
        case .exchange(let attempt): attempt == 1 ? 0 : Self.exchangeIntervalMilliseconds
        }
    }

    var closesGate: Bool {
        if case .exchange(let attempt) = self { attempt % Self.attemptsPerGate == 0 } else { false }
    }

    /// What comes when the step was taken and hasn't led to the end.
    var next: RecoveryStep {
        switch self {
        case .probe: .exchange(attempt: 1)
        case .exchange(let attempt): attempt < Self.attemptsMax ? .exchange(attempt: attempt + 1) : .first
        }
    }

    /// What comes when the step failed.
    var later: RecoveryStep {
        switch self {
        case .probe(let delay): .probe(afterMilliseconds: min(2 * delay, Self.probeIntervalMaxMilliseconds))
        case .exchange: .probe(afterMilliseconds: Self.probeIntervalMaxMilliseconds)
        }
    }
}
