import Store
import Synchronization

/// What one database must hold.
///
/// Commits are known by their numbers, which the database holds itself, so the model knows which of them are there. The promises:
/// - the commits that are there are the first of those that ran, in the order in which they ran, each once and whole;
/// - whatever was answered (unless it was relaxed) or read outside of a commit stays there, whatever fails and crashes;
/// - positions and short IDs only grow, those of lost commits included.
final class DatabaseModel: Sendable {
    let name: String
    private let state = Mutex(State())

    init(name: String) {
        self.name = name
    }

    /// The version of the database's schema.
    var schemaVersion: UInt64 { state.withLock { $0.schemaVersion } }

    /// The next life has a new version of the schema.
    func raiseSchemaVersion() {
        state.withLock { $0.schemaVersion += 1 }
    }

    private struct State {
        var schemaVersion = SimulationMaps.firstVersion
        /// The versions that may be found, numbered one after the other; the first one has been found.
        var versions = [ModelVersion()]
        var stamps: [ModelStamp] = []
        var shortIDs: [(id: UInt64, number: UInt64)] = []
        /// At least this version must be found.
        var bound: UInt64 = 0
        /// At least this position is published.
        var position = Position(0)
        var lastPosition = Position(0)
        var lastShortID: UInt64 = 0
        var lost: Set<UInt64> = []
        var attempts: UInt64 = 0
        /// The disk's image has been taken: what happens now never happened.
        var isFrozen = false

        var first: ModelVersion { versions[0] }
        var tip: ModelVersion { versions[versions.count - 1] }

        func version(_ number: UInt64) -> ModelVersion? {
            guard number >= first.number, number <= tip.number else { return nil }
            return versions[Int(number - first.number)]
        }

        func published(_ version: ModelVersion, _ name: String) -> PublishedModel {
            PublishedModel(
                name: name, version: version, stamps: Array(stamps[..<version.stampCount]),
                shortIDs: Array(shortIDs[..<version.shortIDCount]))
        }

        /// Forgets the versions after a number.
        mutating func drop(after number: UInt64) {
            while tip.number > number {
                if let attempt = versions.removeLast().attempt { lost.insert(attempt) }
            }
            stamps.removeLast(stamps.count - tip.stampCount)
            shortIDs.removeLast(shortIDs.count - tip.shortIDCount)
        }
    }

    // MARK: - In a commit

    /// Begins a commit on a state whose last number is `number`.
    ///
    /// - Parameter mayLose: whether a write or a sync has failed, so that commits that weren't answered may be gone.
    /// - Returns: the version; nil when nothing counts any more.
    func begin(on number: UInt64, mayLose: Bool) throws -> ModelVersion? {
        try state.withLock { state in
            if state.isFrozen { return nil }
            guard number <= state.tip.number else {
                throw Violation("\(name): a commit runs on \(number), but the last one was \(state.tip.number)")
            }
            if number < state.tip.number {
                guard mayLose else { throw Violation("\(name): a commit runs on \(number) and doesn't see \(state.tip.number)") }
                guard number >= state.bound else {
                    throw Violation("\(name): \(state.bound) was answered or read, and a commit runs on \(number)")
                }
                state.drop(after: number)
            }
            return state.tip
        }
    }

    /// Adds what a commit has written.
    ///
    /// - Returns: the number of the attempt, to acknowledge it by.
    func append(_ version: ModelVersion, stamped: [ModelStamp], shortIDs: [UInt64]) throws -> UInt64 {
        try state.withLock { state in
            state.attempts += 1
            if state.isFrozen { return state.attempts }
            for stamp in stamped {
                guard stamp.position > state.lastPosition else {
                    throw Violation("\(name): position \(stamp.position) after \(state.lastPosition)")
                }
                state.lastPosition = stamp.position
            }
            for id in shortIDs {
                guard id > state.lastShortID else { throw Violation("\(name): short ID \(id) after \(state.lastShortID)") }
                state.lastShortID = id
            }
            state.stamps += stamped
            state.shortIDs += shortIDs.map { ($0, version.number) }
            var version = version
            version.stampCount = state.stamps.count
            version.shortIDCount = state.shortIDs.count
            version.attempt = state.attempts
            state.versions.append(version)
            return state.attempts
        }
    }

    // MARK: - Outside

    /// A commit was answered.
    ///
    /// - Parameter mayLose: whether a write or a sync has failed, so that a relaxed commit may be gone.
    func acknowledge(_ number: UInt64, attempt: UInt64, _ durability: Durability, mayLose: Bool) throws {
        try state.withLock { state in
            if state.isFrozen { return }
            switch durability {
            case .synced:
                guard !state.lost.contains(attempt) else { throw Violation("\(name): commit \(number) was answered, but it is lost") }
                state.bound = max(state.bound, number)
            case .relaxed:
                guard mayLose || !state.lost.contains(attempt) else {
                    throw Violation("\(name): commit \(number) was answered, but it is lost though nothing has failed")
                }
            }
        }
    }

    /// An answer has told that it saw this version.
    func confirm(_ number: UInt64) throws {
        try state.withLock { state in
            if state.isFrozen { return }
            guard number <= state.tip.number else {
                throw Violation("\(name): \(number) was answered, the last commit is \(state.tip.number)")
            }
            state.bound = max(state.bound, number)
        }
    }

    /// Whatever is read from now on is at least this version.
    var bound: UInt64 { state.withLock { $0.bound } }

    /// A published state was read whose last number is `number`.
    ///
    /// - Parameters:
    ///   - bound: what `bound` was when the state was taken.
    ///   - mayLose: whether a write or a sync has failed.
    /// - Returns: what it must hold; nil when nothing counts any more.
    func read(_ number: UInt64, position: Position, bound: UInt64, mayLose: Bool) throws -> PublishedModel? {
        try state.withLock { state in
            if state.isFrozen { return nil }
            guard number >= bound, let version = state.version(number) else {
                throw Violation("\(name): \(number) is read after \(bound), the last commit was \(state.tip.number)")
            }
            state.bound = max(state.bound, number)
            let stamps = state.stamps[..<version.stampCount]
            if let last = stamps.last, position < last.position {
                throw Violation("\(name): \(position) is published with an entry of \(last.position)")
            }
            if version.stampCount < state.stamps.count, position >= state.stamps[version.stampCount].position {
                // Opened again after a failure, a database publishes a position above all that were lost.
                guard mayLose else {
                    throw Violation("\(name): \(position) is published without the entry of \(state.stamps[version.stampCount].position)")
                }
                state.drop(after: number)
            }
            return state.published(version, name)
        }
    }

    /// A follower was told of these entries, of which `told` before it are known to it.
    ///
    /// - Returns: how many are known to it now; entries may be told again, but none may be left out.
    func follow(_ entries: [LogEntry], told: Int) throws -> Int {
        try state.withLock { state in
            if state.isFrozen { return told }
            var told = told
            for entry in entries {
                guard let index = state.stamps.firstIndex(where: { $0.position == entry.position }), index <= told,
                    state.stamps[index].change == entry.change
                else { throw Violation("\(name): a follower that knows \(told) entries is told of \(entry.position)") }
                told = max(told, index + 1)
                state.bound = max(state.bound, state.stamps[index].number)
            }
            return told
        }
    }

    /// What a state must hold whose last number is `number`; nil when nothing counts any more.
    func published(_ number: UInt64) throws -> PublishedModel? {
        try state.withLock { state in
            if state.isFrozen { return nil }
            guard let version = state.version(number) else {
                throw Violation("\(name): \(number) is found, the last is \(state.tip.number)")
            }
            return state.published(version, name)
        }
    }

    /// What each database had answered or shown when a commit ran.
    func causes(of number: UInt64) -> [UInt64] {
        state.withLock { $0.version(number)?.causes ?? [] }
    }

    // MARK: - Crashes

    /// From now on nothing counts.
    func freeze() {
        state.withLock { $0.isFrozen = true }
    }

    /// This version was published at the moment of the crash.
    func sawAtCrash(_ number: UInt64) {
        state.withLock { $0.bound = max($0.bound, number) }
    }

    /// The database was opened again, and its last number is `number`.
    ///
    /// - Returns: what it must hold.
    func recover(_ number: UInt64) throws -> PublishedModel {
        try state.withLock { state in
            guard number >= state.bound else {
                throw Violation("\(name): \(number) is recovered, but \(state.bound) was answered or read")
            }
            guard let version = state.version(number) else {
                throw Violation("\(name): \(number) is recovered, but the last commit was \(state.tip.number)")
            }
            state.drop(after: number)
            state.versions = [version]
            state.bound = number
            state.lost = []
            state.isFrozen = false
            return state.published(version, name)
        }
    }
}
