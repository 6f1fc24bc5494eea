import Store

/// How far a user has read a room and its threads, by what the user's receipts say, public or private: the later one counts ("Receipts").
///
/// What has a higher order in its room than the one of its thread is unread.
package struct ReadPositions: Sendable, Equatable {
    /// The order up to which everything is read, in whatever thread, by unthreaded receipts; nil for nothing.
    package private(set) var unthreaded: Int64?
    private var threaded: [ThreadID: Int64] = [:]
    /// When the user has read on last.
    package private(set) var newestChange = Position.zero

    init() {}

    /// The order up to which the thread is read, by receipts for it or for the whole room; nil for nothing.
    package func order(in thread: ThreadID) -> Int64? {
        guard let threaded = threaded[thread] else { return unthreaded }
        return max(threaded, unthreaded ?? threaded)
    }

    /// Takes one more receipt into account.
    mutating func add(_ order: Int64, in thread: ThreadID?, at position: Position) {
        newestChange = max(newestChange, position)
        if let thread {
            threaded[thread] = max(order, threaded[thread] ?? order)
        } else {
            unthreaded = max(order, unthreaded ?? order)
        }
    }
}
