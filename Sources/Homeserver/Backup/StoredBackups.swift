import AccountsDatabase
import RocksDB
import RoomsDatabase
import Store
import TransitoryDatabase

/// Backups, and data directories of stopped servers, as they lie on the disk.
package enum StoredBackups {
    /// A folder that is a backup, or half of one.
    package struct Entry: Sendable {
        package let path: String
        /// What the backup says of itself, or why it is of no use.
        package let marker: Result<BackupMarker, any Error>
    }

    /// The backups in a folder, by their names.
    package static func list(_ folder: String) throws -> [Entry] {
        try BackupDirectory.candidates(in: folder).map { name in
            let path = "\(folder)/\(name)"
            return Entry(path: path, marker: Result { try BackupMarker(ofBackupAt: path) })
        }
    }

    /// Copies the backup at `path` to a new data directory, on which a server of the same name then starts.
    ///
    /// - Parameter target: a directory that is empty or doesn't exist yet.
    /// - Throws: `StoreError`, `BackupError` when there is no whole backup that this program can open, or the directory is not empty or can't be
    ///   written. Then nothing is left of it.
    package static func restore(_ path: String, to target: String) throws -> BackupMarker {
        let marker = try BackupMarker(ofBackupAt: path)
        let blockCache = BlockCache(capacityBytes: Backups.verificationCacheBytes)
        for schema in Databases.schemas {
            let own = "\(path)/\(schema.name)"
            let database = try ReadOnlyDatabase(schema, at: own, blockCache: blockCache)
            guard database.identity?.serverName == marker.serverName else {
                throw BackupError.foreignDatabase(path: own, serverName: marker.serverName)
            }
        }
        let directory = try BackupDirectory.begin(at: target)
        do {
            for name in try BackupDirectory.contents(of: path) { try directory.copy("\(path)/\(name)", as: name) }
            try directory.finish(marker: try BackupDirectory.marker(at: path))
        } catch {
            directory.abandon()
            throw error
        }
        return marker
    }

    /// Verifies everything that is in a backup or a data directory that no server uses. No file is changed.
    ///
    /// - Returns: what was found in each database.
    package static func verify(_ path: String) -> [VerificationResult] {
        let blockCache = BlockCache(capacityBytes: Backups.verificationCacheBytes)
        // Databases of two servers in one directory are something to be found.
        let serverName = try? serverName(of: path, blockCache: blockCache)
        return [
            RoomsVerification.run(at: "\(path)/rooms", serverName: serverName, blockCache: blockCache),
            AccountsVerification.run(at: "\(path)/accounts", serverName: serverName, blockCache: blockCache),
            TransitoryVerification.run(at: "\(path)/transitory", serverName: serverName, blockCache: blockCache),
        ]
    }

    /// Whose data a backup or a data directory holds.
    ///
    /// - Throws: `StoreError` when its databases don't tell.
    package static func serverName(of path: String) throws -> String {
        try serverName(of: path, blockCache: BlockCache(capacityBytes: Backups.verificationCacheBytes))
    }

    static func serverName(of path: String, blockCache: BlockCache) throws -> String {
        let database = try ReadOnlyDatabase(RoomsMaps.schema, at: "\(path)/rooms", blockCache: blockCache)
        guard let identity = database.identity else {
            throw StoreError.schemaMismatch("the rooms database in \(database.directory) doesn't say what it is: its tables are damaged")
        }
        return identity.serverName
    }
}
