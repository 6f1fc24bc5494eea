import RocksDB

/// What has been written to a database, or only answered, since its last flush began.
struct CommitGroup: Sendable {
    /// What the writer writes to.
    var target: WriteTarget
    /// The last position that has been written.
    var position: Position
    /// Whether anything has been written.
    var isDirty = false
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
    case open(OpenInstance, WriterCounters)
    /// Nowhere, since a moment, because a write failed.
    case failing(since: Int64, reason: String)

    /// The open instance, and what its writer gives out.
    ///
    /// - Throws: `StoreError.unavailable`.
    func get() throws(StoreError) -> (OpenInstance, WriterCounters) {
        switch self {
        case .open(let opened, let counters): (opened, counters)
        case .failing(_, let reason): throw .unavailable(reason)
        }
    }

    /// Whether this is that instance.
    func isOpen(_ instance: OpenInstance) -> Bool {
        if case .open(let opened, _) = self { opened === instance } else { false }
    }
}
