import Glibc

/// Where the checkpoints of a data directory's databases are made: on each database's own file system, so that its files are linked and not
/// copied while its writer waits.
package struct BackupStaging: Sendable {
    private let dataDirectory: String
    private let databases: [String]

    private static let name = "backup.new"

    /// The staging of the databases with the given names, each a directory in `dataDirectory`.
    package init(dataDirectory: String, databases: [String]) {
        self.dataDirectory = dataDirectory
        self.databases = databases
    }

    /// Makes what has to be there for checkpoints, after what a crash has left is removed.
    ///
    /// - Returns: the path for each database's checkpoint, in the order of their names.
    package func prepare() throws(StoreError) -> [String] {
        try remove()
        let common = "\(dataDirectory)/\(Self.name)"
        guard mkdir(common, 0o700) == 0 else { throw .dataDirectory("\(common) can't be made: \(DurableFile.lastError)") }
        var paths: [String] = []
        for database in databases {
            // A database that lies on another disk has its checkpoint inside its own directory, where RocksDB doesn't mind it.
            let own = "\(dataDirectory)/\(database)"
            let isHere = try DirectoryTree.isOneFileSystem(own, common)
            paths.append(isHere ? "\(common)/\(database)" : "\(own)/\(Self.name)")
        }
        return paths
    }

    /// Removes what there is of it; nothing happens when there is nothing.
    package func remove() throws(StoreError) {
        for database in databases { try DirectoryTree.remove("\(dataDirectory)/\(database)/\(Self.name)") }
        try DirectoryTree.remove("\(dataDirectory)/\(Self.name)")
    }
}
