import Glibc

/// The directory that holds everything a server keeps: databases, signing key, lock.
///
/// Invariants:
/// - Whoever holds a `DataDirectory` is the only process to use the directory; it is given back when the last reference goes.
/// - A file written here is, after a crash at any moment, either the old one or the new one, whole.
package final class DataDirectory: Sendable {
    /// The name of the file with the key by which the server signs.
    package static let signingKeyFile = "signing.key"

    /// The directory's path, as it was given.
    package let path: String

    private let lock: DataDirectoryLock

    /// Takes the directory at `path`, which is made, readable by its owner alone, if it isn't there. Its parent has to exist:
    /// a missing one is more often a disk that isn't mounted than a wish.
    ///
    /// - Throws: `StoreError.dataDirectory` when it can't be made, `StoreError.inUse` when another process holds it.
    package init(path: String) throws(StoreError) {
        var isNew = true
        if mkdir(path, 0o700) != 0 {
            guard errno == EEXIST else { throw .dataDirectory("\(path) can't be made: \(DurableFile.lastError)") }
            isNew = false
        }
        self.path = path
        lock = try DataDirectoryLock(of: path)
        if isNew { try DurableFile.syncDirectory("\(path)/..") }
    }

    /// Takes the directory at `path`, which has to be there.
    ///
    /// - Throws: `StoreError.dataDirectory` when there is none, `StoreError.inUse` when another process holds it.
    package init(existing path: String) throws(StoreError) {
        // A backup has no lock yet.
        guard access("\(path)/lock", F_OK) == 0 || access("\(path)/rooms", F_OK) == 0 else {
            throw .dataDirectory("there is no data directory at \(path)")
        }
        self.path = path
        lock = try DataDirectoryLock(of: path)
    }

    /// The path of a file or directory in this one.
    package func path(of name: String) -> String { "\(path)/\(name)" }

    /// The bytes of a file; nil if there is none.
    package func readFile(_ name: String) throws(StoreError) -> [UInt8]? {
        try DurableFile.read(path(of: name))
    }

    /// Writes a file that its owner alone may read. It is on the disk when this returns.
    package func writeFile(_ name: String, _ bytes: [UInt8]) throws(StoreError) {
        try DurableFile.write(bytes, to: path(of: name), in: path)
    }

    /// A number by which the directory at `path` is known from its copies: the inode of its lock, which is never written anew. Nil if it has none.
    package static func place(_ path: String) -> UInt64? {
        var status = stat()
        return stat("\(path)/lock", &status) == 0 ? UInt64(status.st_ino) : nil
    }

    /// Whether others than its owner may read a file; false if there is none.
    package func isReadableByOthers(_ name: String) -> Bool {
        var status = stat()
        return stat(path(of: name), &status) == 0 && status.st_mode & 0o077 != 0
    }
}
