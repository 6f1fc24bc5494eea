import RocksDB
import Synchronization

/// A database whose writer does nothing: everything that was committed is on the disk and published, and commits that come wait in their order,
/// without a thread that waits.
///
/// It is held until it is released, at the latest when this object goes.
package final class Held: Sendable {
    /// The last position that has been given out.
    package let position: Position
    /// RocksDB's number of the last write.
    private let sequence: UInt64
    /// Since when commits have been waiting, in milliseconds since 1970.
    let since: Int64
    private let database: Database
    private let opened: OpenInstance
    private let isReleased = Atomic<Bool>(false)

    fileprivate init(_ database: Database, _ opened: OpenInstance, since: Int64) {
        self.database = database
        self.opened = opened
        self.since = since
        position = database.snapshot().position
        sequence = opened.instance.latestSequenceNumber
    }

    deinit {
        release()
    }

    /// Makes a directory, which must not exist, that is the database as it is now: with linked files where it is on the same file system. It is
    /// on the disk when this returns, and becomes one that can be opened by `finish(_:)`.
    ///
    /// - Throws: `StoreError` when it can't be made, or the database was closed; then there is no such directory.
    package func checkpoint(to path: String) async throws {
        let result: Result<Void, any Error> = await withCheckedContinuation { continuation in
            // What is still to be flushed is nothing, so the flusher is free.
            let isTaken = database.flusher.enqueue { [opened] in
                // Never with another flush: what is in memory is in the logs, too.
                continuation.resume(returning: Result { try opened.instance.checkpoint(to: path, logSizeForFlush: .max) })
            }
            if !isTaken { continuation.resume(returning: .failure(StoreError.closed)) }
        }
        do { try result.get() } catch let error as RocksDBError { throw StoreError.rocksDB(error) }
    }

    /// Notes in the checkpoint at `path` how far it goes; the database need not be held any more for that.
    package func finish(_ path: String) throws(StoreError) {
        try DurableMark(sequence: sequence, logs: DurableMark.logs(in: path)).write(in: path)
    }

    /// Has the commits run that have waited, and all that come. Once more does nothing.
    package func release() {
        if !isReleased.exchange(true, ordering: .sequentiallyConsistent) { database.endHold() }
    }
}

extension Database {
    /// Makes all commits wait that aren't done, until what it returns is released.
    ///
    /// A second hold waits until the first one is released. Whoever holds several databases does so in one order, always the same.
    ///
    /// - Throws: `StoreError.unavailable` while the database can't write, or when what was committed can't be put on the disk;
    ///   `StoreError.closed`.
    package func hold() async throws -> Held {
        try await withCheckedThrowingContinuation { continuation in
            enqueue(
                WriterJob {
                    self.beginHold { continuation.resume(with: $0) }
                } refuse: {
                    continuation.resume(throwing: $0)
                })
        }
    }

    private func beginHold(_ answer: @escaping @Sendable (Result<Held, any Error>) -> Void) {
        let opened: OpenInstance
        do { opened = try openInstance() } catch { return answer(.failure(error)) }
        holding.withLock { $0.begin() }
        let since = environment.clock.now()
        group.withLock { group in
            group.answers.append { failure in
                guard let failure else { return answer(.success(Held(self, opened, since: since))) }
                self.endHold()
                answer(.failure(StoreError.unavailable("\(failure)")))
            }
        }
        scheduleFlush(after: 0)
    }

    fileprivate func endHold() {
        // On the writer, so that the commits that have waited come before those that it is handed now.
        writer.enqueue {
            self.holding.withLock { $0.end() }
            while let job = self.holding.withLock({ $0.next() }) { job.run() }
        }
    }
}
