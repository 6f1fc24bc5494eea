/// The newest part of a log, in memory: everything that is in it after `start`, up to `end`.
struct RememberedLog {
    private(set) var start: Position
    private(set) var end: Position
    private var entries: [LogEntry] = []
    private let entriesMax: Int

    init(at position: Position, entriesMax: Int) {
        start = position
        end = position
        self.entriesMax = entriesMax
    }

    /// Takes what comes after the end, up to `newEnd`, and forgets what is old.
    mutating func append(_ newEntries: [LogEntry], through newEnd: Position) {
        entries += newEntries
        end = newEnd
        // At twice the size, so that what remains is seldom moved.
        guard entries.count > 2 * entriesMax else { return }
        let forgotten = entries.count - entriesMax
        start = entries[forgotten - 1].position
        entries.removeFirst(forgotten)
    }

    /// What comes after a position that isn't before the start.
    func entries(after position: Position) -> ArraySlice<LogEntry> {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].position <= position { low = middle + 1 } else { high = middle }
        }
        return entries[low...]
    }
}
