import RocksDB

/// What has been written to a database, or only answered, since its last flush began.
struct CommitGroup: Sendable {
    /// What the writer writes to.
    var target: WriteTarget
    /// The last position that has been written.
    var position: Position
    /// Whether anything has been written.
    var isDirty = false
    /// RocksDB's number of the last write, once the group is sealed.
    var sequence: UInt64 = 0
    var answers: [@Sendable (StoreError?) -> Void] = []
    var changedScopes: Set<Scope> = []
    var publicationActions: [@Sendable () -> Void] = []
    var flushIsQueued = false
    var flushIsTimed = false

    init(target: WriteTarget, position: Position) {
        self.target = target
        self.position = position
    }
}

/// Where a database's commits go.
enum WriteTarget: Sendable {
    case open(OpenInstance, WriterCounters, DurableMarkKeeper)
    /// Nowhere, since a moment, because a write failed.
    case failing(since: Int64, reason: String)

    /// Makes an instance that has just been opened ready for commits.
    static func begin(_ opened: OpenInstance, in directory: String, now: Int64) throws -> (WriteTarget, Position) {
        let counters = try WriterCounters(opened, now: now)
        let mark = try DurableMarkKeeper(in: directory, sequence: opened.instance.latestSequenceNumber, now: now)
        opened.recentScopes.begin(at: counters.position)
        return (.open(opened, counters, mark), counters.position)
    }

    /// The open instance, and what its writer gives out.
    ///
    /// - Throws: `StoreError.unavailable`.
    func get() throws(StoreError) -> (OpenInstance, WriterCounters) {
        switch self {
        case .open(let opened, let counters, _): (opened, counters)
        case .failing(_, let reason): throw .unavailable(reason)
        }
    }

    /// Whether this is that instance.
    func isOpen(_ instance: OpenInstance) -> Bool {
        if case .open(let opened, _, _) = self { opened === instance } else { false }
    }
}
