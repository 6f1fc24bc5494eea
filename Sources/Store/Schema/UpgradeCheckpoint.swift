import Glibc

/// The databases of a data directory as they are before an upgrade: `before-schema-rooms-3` and the like, beside them. Nobody removes it but
/// the administrator.
///
/// Invariants:
/// - It is there whole, on the disk, or not at all: it is made under another name and renamed.
/// - Making it changes nothing in the databases. Nobody has them open, so their files are all there is; tables, which never change, are
///   linked, the others copied.
enum UpgradeCheckpoint {
    /// Keeps all databases as they are.
    ///
    /// - Parameters:
    ///   - databases: all databases of the data directory.
    ///   - upgraded: those that are about to be brought to their schema's version, which give the checkpoint its name.
    /// - Returns: its path.
    /// - Throws: `StoreError.dataDirectory`; then nothing of it is left.
    static func make(of databases: [DatabaseSchema], upgrading upgraded: [DatabaseSchema], in dataDirectory: String) throws(StoreError)
        -> String
    {
        let unfinished = "\(dataDirectory)/before-schema.new"
        let path = freePath("\(dataDirectory)/before-schema-" + upgraded.map { "\($0.name)-\($0.version)" }.joined(separator: "-"))
        do throws(StoreError) {
            try DirectoryTree.remove(unfinished)
            guard mkdir(unfinished, 0o700) == 0 else { throw .dataDirectory("\(unfinished) can't be made: \(DurableFile.lastError)") }
            for database in databases {
                try DirectoryTree.copy("\(dataDirectory)/\(database.name)", to: "\(unfinished)/\(database.name)") { $0.hasSuffix(".sst") }
            }
            try DurableFile.syncDirectory(unfinished)
            guard rename(unfinished, path) == 0 else {
                throw .dataDirectory("\(unfinished) can't be renamed to \(path): \(DurableFile.lastError)")
            }
            try DurableFile.syncDirectory(dataDirectory)
        } catch {
            try? DirectoryTree.remove(unfinished)
            throw .dataDirectory("the databases are not upgraded, because they can't be kept as they are first: \(error)")
        }
        return path
    }

    /// The path itself or, where an earlier upgrade has left its checkpoint there, the first one with a number that is free.
    private static func freePath(_ path: String) -> String {
        guard DirectoryTree.exists(path) else { return path }
        var number = 2
        while DirectoryTree.exists("\(path)-\(number)") { number += 1 }
        return "\(path)-\(number)"
    }
}
