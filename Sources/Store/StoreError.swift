import RocksDB

/// What can go wrong in the store.
package enum StoreError: Error, CustomStringConvertible {
    /// RocksDB refused or failed.
    case rocksDB(RocksDBError)
    /// Bytes in a map are not what the schema says.
    case undecodable([UInt8], as: String)
    /// The database's directory holds something that the schema doesn't have, or lacks something that it has.
    case schemaMismatch(String)
    /// The data directory, or a file in it, could not be used.
    case dataDirectory(String)
    /// The database was closed while the request waited.
    case closed
    /// A commit wrote more than its budget.
    case commitTooLarge(writes: Int, bytes: Int)

    package var description: String {
        switch self {
        case .rocksDB(let error): "\(error)"
        case .undecodable(let bytes, let type): "\(bytes.count) stored bytes are not \(type)"
        case .schemaMismatch(let message), .dataDirectory(let message): message
        case .closed: "the database is closed"
        case .commitTooLarge(let writes, let bytes): "a commit of \(writes) writes and \(bytes) bytes is over its budget"
        }
    }
}
