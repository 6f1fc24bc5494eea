/// Where work runs.
package protocol Executors: Sendable {
    /// Request handlers that read little. May block on the disk.
    var short: any TaskExecutor { get }
    /// Request handlers that read much; they take at most half of the threads. May block on the disk.
    var long: any TaskExecutor { get }
    /// A worker that runs jobs one after the other, such as a database's writer.
    func makeWorker() -> any SerialWorker
}

/// Runs jobs one at a time, in the order in which they came.
package protocol SerialWorker: Sendable {
    /// Runs `job` after those that are waiting.
    ///
    /// - Returns: whether it does; a worker that was shut down takes nothing any more.
    @discardableResult
    func enqueue(_ job: @escaping @Sendable () -> Void) -> Bool
    /// Waits until every job that was enqueued has run, and ends the worker.
    func shutDown()
}

/// The machine's threads: a pool for handlers and a thread for each worker.
package struct ThreadExecutors: Executors {
    private let pool: BlockingPool

    /// Makes a pool of `threads` threads, at least two, by default two for each core and four at least.
    package init(threads: Int? = nil) {
        pool = BlockingPool(threads: threads ?? max(4, 2 * Thread.coreCount))
    }

    package var short: any TaskExecutor { pool.short }
    package var long: any TaskExecutor { pool.long }

    package func makeWorker() -> any SerialWorker {
        ThreadWorker()
    }
}
