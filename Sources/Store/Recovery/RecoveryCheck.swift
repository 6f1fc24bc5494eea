import Glibc
import RocksDB

/// Compares what a database's directory holds with what is known to have been on the disk. Nothing is changed.
struct RecoveryCheck {
    /// How messages call the database.
    let title: String
    let directory: String

    /// What to do when something is missing.
    static let advice =
        "restore a backup, or put back what is missing; `martlet db recover --accept-loss` goes on without it, and what is lost then stays lost"

    init(title: String, directory: String) {
        self.title = title
        self.directory = directory
    }

    init(_ opening: InstanceOpening) {
        self.init(title: opening.title, directory: opening.directory)
    }

    /// Checks what an instance that was opened for reading brings back.
    ///
    /// - Returns: whether there is a file `durable` to compare it with.
    /// - Throws: `StoreError.behindDurable`, `StoreError.damaged`.
    func check(_ instance: Instance) throws(StoreError) -> Bool {
        let mark: DurableMark?
        do {
            mark = try DurableMark.read(in: directory)
        } catch .damaged(let message) {
            throw .damaged("\(title): \(message), so nobody knows how far the database went; \(Self.advice)")
        }
        guard let mark else { return false }
        try checkLogs(of: mark, instance)
        let found = instance.latestSequenceNumber
        guard found >= mark.sequence else {
            throw .behindDurable(
                "\(title) ends at its write \(found), but had answered for all up to \(mark.sequence): its log is cut short or damaged; "
                    + Self.advice)
        }
        return true
    }

    /// That the file `durable` is missing in a database that was made with one.
    var missingMark: StoreError {
        .damaged("\(title) has lost the file \(DurableMark.fileName), so nobody knows how far the database went; \(Self.advice)")
    }

    /// The logs that were there and hold what isn't in tables have to be there, and as long as they were.
    private func checkLogs(of mark: DurableMark, _ instance: Instance) throws(StoreError) {
        guard let family = instance.columnFamily(CommonMaps.global.map.name),
            let firstNeeded = instance.integerProperty("rocksdb.min-log-number-to-keep", in: family)
        else { return }
        for log in mark.logs where log.number >= firstNeeded {
            guard let size = DurableMark.fileSize("\(directory)/\(log.name)") else {
                throw .behindDurable("\(title) has lost the log \(log.name), which held changes to any of its maps; \(Self.advice)")
            }
            guard size >= log.sizeBytes else {
                throw .behindDurable(
                    "the log \(log.name) of \(title) has \(size) bytes, but had \(log.sizeBytes) on the disk; it held changes to any of "
                        + "its maps; \(Self.advice)")
            }
        }
    }
}
