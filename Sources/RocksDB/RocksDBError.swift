import CRocksDB

/// What RocksDB says about an operation that failed.
package struct RocksDBError: Error, Hashable, CustomStringConvertible {
    /// RocksDB's status codes, as far as a caller can act on them.
    package enum Kind: Sendable, Hashable {
        case notFound
        case corruption
        case notSupported
        case invalidArgument
        case ioError
        /// The disk is full, or a configured limit on its use is reached.
        case noSpace
        case busy
        case timedOut
        case aborted
        case incomplete
        case shutdownInProgress
        case tryAgain
        case expired
        case other
    }

    package let kind: Kind

    /// RocksDB's own words, its status code included.
    package let message: String

    package var description: String { "RocksDB: \(message)" }

    package init(kind: Kind, message: String) {
        self.kind = kind
        self.message = message
    }

    /// Takes the kind from the prefix that RocksDB gives each status code's message.
    package init(message: String) {
        let prefixed = Self.prefixes.first { message.hasPrefix($0.prefix) }
        let kind = prefixed?.kind ?? .other
        let isFull = prefixed.map { found in
            Self.fullDisk.contains { message.dropFirst(found.prefix.count).hasPrefix($0) }
        }
        self.init(kind: kind == .ioError && isFull == true ? .noSpace : kind, message: message)
    }

    private static let prefixes: [(prefix: String, kind: Kind)] = [
        ("NotFound: ", .notFound),
        ("Corruption: ", .corruption),
        ("Not implemented: ", .notSupported),
        ("Invalid argument: ", .invalidArgument),
        ("IO error: ", .ioError),
        ("Resource busy: ", .busy),
        ("Operation timed out: ", .timedOut),
        ("Operation aborted: ", .aborted),
        ("Result incomplete: ", .incomplete),
        ("Shutdown in progress: ", .shutdownInProgress),
        ("Operation failed. Try again.: ", .tryAgain),
        ("Operation expired: ", .expired),
    ]

    /// The sub-codes of an I/O error that mean a full disk; they follow the prefix directly.
    private static let fullDisk = ["No space left on device", "Space limit reached"]

    /// Calls the C function in `body` with the place for its error string, frees that string and throws it.
    static func check<Result>(
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) throws(RocksDBError) -> Result {
        var message: UnsafeMutablePointer<CChar>?
        let result = body(&message)
        if let message { throw RocksDBError(taking: message) }
        return result
    }

    /// Copies and frees an error string of the C API.
    init(taking message: UnsafeMutablePointer<CChar>) {
        self.init(message: String(cString: message))
        rocksdb_free(message)
    }
}
