import RocksDB

/// What can go wrong in the store.
package enum StoreError: Error, CustomStringConvertible {
    /// RocksDB refused or failed.
    case rocksDB(RocksDBError)
    /// Bytes in a map are not what the schema says.
    case undecodable([UInt8], as: String)
    /// The database's directory holds something that the schema doesn't have, or lacks something that it has.
    case schemaMismatch(String)
    /// A database is not there although others of the same server are.
    case databaseMissing(String)
    /// The data directory, or a file in it, could not be used.
    case dataDirectory(String)
    /// Another process uses the data directory.
    case inUse(String)
    /// The database was closed while the request waited.
    case closed
    /// The database ends before what it had answered for. Nothing was changed in it.
    case behindDurable(String)
    /// Files of the database are missing or damaged. Nothing was changed in it.
    case damaged(String)
    /// The commit was handed to the database's log, which then could not be written to the disk: whether the commit has been kept shows when
    /// the database is open again.
    case outcomeUnknown(String)
    /// The database can't write now. Nothing of the commit was written.
    case unavailable(String)
    /// A commit wrote more than its budget.
    case commitTooLarge(writes: Int, bytes: Int)

    package var description: String {
        switch self {
        case .rocksDB(let error): "\(error)"
        case .undecodable(let bytes, let type): "\(bytes.count) stored bytes are not \(type)"
        case .schemaMismatch(let message), .databaseMissing(let message), .dataDirectory(let message), .inUse(let message),
            .behindDurable(let message), .damaged(let message):
            message
        case .outcomeUnknown(let reason): "the commit may have been kept or not: \(reason)"
        case .unavailable(let reason): "the database can't write now: \(reason)"
        case .closed: "the database is closed"
        case .commitTooLarge(let writes, let bytes): "a commit of \(writes) writes and \(bytes) bytes is over its budget"
        }
    }
}
