import Glibc
import Synchronization

/// Keeps an open database's file `durable` up to date.
///
/// - `lookAtLogs` comes before a sync and `note` after it, so what is noted is on the disk.
/// - A failure to write the file costs nothing but that it lags.
final class DurableMarkKeeper: Sendable {
    private let directory: String
    private let descriptor: Int32
    private let state: Mutex<State>

    /// So often, in milliseconds, the directory is searched for logs.
    private static let logsIntervalMilliseconds: Int64 = 1000

    private struct State {
        var mark: DurableMark
        var logs: [DurableMark.Log]
        var lookedAt: Int64
    }

    /// Makes the file anew for a database that has just been opened, and of which everything up to `sequence` is on the disk.
    init(in directory: String, sequence: UInt64, now: Int64) throws(StoreError) {
        let mark = DurableMark(sequence: sequence, logs: try DurableMark.logs(in: directory))
        try mark.write(in: directory)
        let path = "\(directory)/\(DurableMark.fileName)"
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .dataDirectory("\(path) can't be opened: \(DurableFile.lastError)") }
        self.directory = directory
        state = Mutex(State(mark: mark, logs: mark.logs, lookedAt: now))
        // Last, since the deinitializer of a complete object runs even when its initializer throws.
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Finds out which logs there are, unless that was done a moment ago.
    func lookAtLogs(now: Int64) {
        let isDue = state.withLock { state in
            guard abs(now - state.lookedAt) >= Self.logsIntervalMilliseconds else { return false }
            state.lookedAt = now
            return true
        }
        if isDue { lookAtLogs() }
    }

    /// Finds out which logs there are.
    func lookAtLogs() {
        guard let logs = try? DurableMark.logs(in: directory) else { return }
        state.withLock { $0.logs = logs }
    }

    /// Notes that everything up to `sequence` is on the disk, the logs as they were looked at last among it.
    func note(_ sequence: UInt64) {
        state.withLock { state in
            state.mark.sequence = max(state.mark.sequence, sequence)
            state.mark.logs = state.logs
            state.mark.generation += 1
            let bytes = state.mark.encoded
            let place = Int(state.mark.generation % 2) * DurableMark.placeBytes
            _ = pwrite(descriptor, bytes, bytes.count, place)
        }
    }
}
