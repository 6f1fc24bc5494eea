import Glibc

/// A backup as files: a folder that is itself a data directory, and a marker that is written last.
///
/// Invariants:
/// - The marker is there only when everything else is there and on the disk, so half a backup is never taken for one.
/// - A folder that somebody uses for something else is never touched: it has to be empty, missing, or what a crash has left of a backup.
package struct BackupDirectory: Sendable {
    /// The folder.
    package let path: String
    /// Whether there was no folder before.
    private let isNew: Bool

    /// The file that says that the folder is a backup, and of what.
    package static let marker = "backup.json"
    /// The file that says that the folder is being filled. It goes when the marker has come.
    static let unfinished = "backup.unfinished"

    /// Takes an empty or missing folder for a backup; what a crash has left of one is removed first.
    ///
    /// - Throws: `StoreError.dataDirectory` when there is something else in it, or it can't be written.
    package static func begin(at path: String) throws(StoreError) -> BackupDirectory {
        let isNew = mkdir(path, 0o700) == 0
        guard isNew || errno == EEXIST else { throw .dataDirectory("\(path) can't be made: \(DurableFile.lastError)") }
        let directory = BackupDirectory(path: path, isNew: isNew)
        let names = try DirectoryTree.names(in: path)
        if names.contains(unfinished) {
            try directory.empty()
        } else if !names.isEmpty {
            throw .dataDirectory("\(path) is not empty; name a folder that is empty or doesn't exist yet")
        }
        try DurableFile.write([], to: "\(path)/\(unfinished)", in: path)
        if isNew { try DurableFile.syncDirectory("\(path)/..") }
        return directory
    }

    /// Moves a file or directory into the backup, or copies it where that is another file system. It is on the disk when this returns.
    package func move(_ source: String, as name: String) throws(StoreError) {
        let target = "\(path)/\(name)"
        if rename(source, target) == 0 { return try DirectoryTree.sync(target) }
        guard errno == EXDEV else { throw .dataDirectory("\(source) can't be moved to \(target): \(DurableFile.lastError)") }
        try DirectoryTree.copy(source, to: target)
        try DirectoryTree.remove(source)
    }

    /// Copies a file or directory into the backup. It is on the disk when this returns.
    package func copy(_ source: String, as name: String) throws(StoreError) {
        try DirectoryTree.copy(source, to: "\(path)/\(name)")
    }

    /// Writes a file that its owner alone may read. It is on the disk when this returns.
    package func write(_ bytes: [UInt8], as name: String) throws(StoreError) {
        try DurableFile.write(bytes, to: "\(path)/\(name)", in: path)
    }

    /// How many bytes the backup has so far.
    package var bytes: UInt64 {
        get throws(StoreError) { try DirectoryTree.bytes(in: path) }
    }

    /// Makes the folder a backup: from here on it has its marker, and is on the disk.
    package func finish(marker: [UInt8]) throws(StoreError) {
        try DurableFile.syncDirectory(path)
        try write(marker, as: Self.marker)
        guard unlink("\(path)/\(Self.unfinished)") == 0 else {
            throw .dataDirectory("\(path)/\(Self.unfinished) can't be removed: \(DurableFile.lastError)")
        }
        try DurableFile.syncDirectory(path)
    }

    /// Leaves the place as it was before: nothing stays of what was made.
    package func abandon() {
        // Best effort, after a failure that is the one to be told. What stays is known by its mark and never taken for a backup.
        try? empty()
        if isNew { rmdir(path) }
    }

    /// Removes everything; the mark goes last, so that what an interruption leaves is still known for what it is.
    private func empty() throws(StoreError) {
        for name in try DirectoryTree.names(in: path) where name != Self.unfinished { try DirectoryTree.remove("\(path)/\(name)") }
        unlink("\(path)/\(Self.unfinished)")
    }
}

/// Backups that are there.
extension BackupDirectory {
    /// Refuses a data directory that is a backup, or the copy of one, and not finished.
    ///
    /// - Throws: `StoreError.dataDirectory`.
    package static func checkFinished(_ dataDirectory: String) throws(StoreError) {
        guard !DirectoryTree.exists("\(dataDirectory)/\(unfinished)") else {
            throw .dataDirectory("\(dataDirectory) is a backup, or a restored one, that was not finished: make or restore it again")
        }
    }

    /// Makes a backup, or the copy of one, the data directory of a server that has been opened on it: it is a backup no longer.
    package static func become(dataDirectory: String) throws(StoreError) {
        guard unlink("\(dataDirectory)/\(marker)") == 0 else {
            if errno == ENOENT { return }
            throw .dataDirectory("\(dataDirectory)/\(marker) can't be removed: \(DurableFile.lastError)")
        }
        try DurableFile.syncDirectory(dataDirectory)
    }

    /// Removes a backup, or what a crash has left of one; nothing happens when there is none.
    ///
    /// - Throws: `StoreError.dataDirectory` when there is something else, or it can't be removed.
    package static func remove(_ path: String) throws(StoreError) {
        guard DirectoryTree.exists(path) else { return }
        guard DirectoryTree.exists("\(path)/\(marker)") || DirectoryTree.exists("\(path)/\(unfinished)") else {
            throw .dataDirectory("\(path) is not a backup and is left alone")
        }
        // From here on it is only half of one.
        try DurableFile.write([], to: "\(path)/\(unfinished)", in: path)
        try BackupDirectory(path: path, isNew: true).empty()
        guard rmdir(path) == 0 else { throw .dataDirectory("\(path) can't be removed: \(DurableFile.lastError)") }
    }

    /// The marker's bytes of the backup at `path`.
    ///
    /// - Throws: `StoreError.dataDirectory` when there is no backup, or only half of one.
    package static func marker(at path: String) throws(StoreError) -> [UInt8] {
        guard DirectoryTree.exists(path) else { throw .dataDirectory("there is nothing at \(path)") }
        guard !DirectoryTree.exists("\(path)/\(unfinished)") else {
            throw .dataDirectory("\(path) is a backup that was not finished; make another one")
        }
        guard let marker = try DurableFile.read("\(path)/\(marker)") else {
            throw .dataDirectory("\(path) is not a backup: it has no \(Self.marker)")
        }
        return marker
    }

    /// The names of what is in a folder and may be a backup, sorted.
    package static func candidates(in folder: String) throws(StoreError) -> [String] {
        try DirectoryTree.names(in: folder).filter {
            DirectoryTree.exists("\(folder)/\($0)/\(marker)") || DirectoryTree.exists("\(folder)/\($0)/\(unfinished)")
        }.sorted()
    }

    /// The names of everything in the backup at `path` but its marker, sorted.
    package static func contents(of path: String) throws(StoreError) -> [String] {
        try DirectoryTree.names(in: path).filter { $0 != marker }.sorted()
    }
}
