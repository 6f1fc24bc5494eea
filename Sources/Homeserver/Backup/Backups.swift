import AccountsDatabase
import RocksDB
import RoomsDatabase
import Store
import Synchronization
import TransitoryDatabase

/// Makes backups of a server whose databases are open, while it goes on.
package final class Backups: Sendable {
    private let serverName: String
    private let dataDirectory: String
    private let databases: [Database]
    private let configurationFile: String?
    private let environment: Environment
    private let isBusy = Atomic<Bool>(false)

    /// The name of the configuration in a backup.
    package static let configurationName = "martlet.yaml"

    /// - Parameters:
    ///   - databases: in the order of `Databases.schemas`.
    ///   - configurationFile: the path of the configuration, which goes into the backup.
    init(serverName: String, dataDirectory: String, databases: [Database], configurationFile: String?, environment: Environment) {
        self.serverName = serverName
        self.dataDirectory = dataDirectory
        self.databases = databases
        self.configurationFile = configurationFile
        self.environment = environment
    }

    /// Makes a backup at `path`: everything that has been acknowledged, in all databases at one moment, with the signing key and the
    /// configuration.
    ///
    /// - Parameter path: a folder that is empty or doesn't exist yet.
    /// - Throws: ``BackupError/isBeingMade``; `StoreError` when the folder is not empty or something can't be read or written. Then nothing is
    ///   left of it.
    package func create(at path: String) async throws -> BackupMarker {
        guard !isBusy.exchange(true, ordering: .sequentiallyConsistent) else { throw BackupError.isBeingMade }
        defer { isBusy.store(false, ordering: .sequentiallyConsistent) }
        // It may take long.
        return try await withTaskExecutorPreference(environment.executors.long) {
            let directory = try BackupDirectory.begin(at: path)
            let staging = Self.staging(in: dataDirectory)
            do {
                return try await fill(directory, staging)
            } catch {
                try? staging.remove()
                directory.abandon()
                throw error
            }
        }
    }

    private func fill(_ directory: BackupDirectory, _ staging: BackupStaging) async throws -> BackupMarker {
        let paths = try staging.prepare()
        let checkpoint = try await Checkpoint.take(of: databases, to: paths)
        for (database, path) in zip(databases, paths) { try directory.move(path, as: database.schema.name) }
        try staging.remove()
        try directory.copy("\(dataDirectory)/\(DataDirectory.signingKeyFile)", as: DataDirectory.signingKeyFile)
        if let configurationFile { try directory.copy(configurationFile, as: Self.configurationName) }
        let marker = BackupMarker(
            serverName: serverName, time: checkpoint.time, programVersion: ProgramVersion.current, bytes: try directory.bytes,
            pauseMilliseconds: checkpoint.pauseMilliseconds,
            databases: zip(databases, checkpoint.positions).map {
                BackupMarker.Database(name: $0.schema.name, schemaVersion: $0.schema.version, position: $1)
            })
        try directory.finish(marker: marker.json.encoded())
        return marker
    }

    static func staging(in dataDirectory: String) -> BackupStaging {
        BackupStaging(dataDirectory: dataDirectory, databases: Databases.schemas.map(\.name))
    }
}

/// Backups of a server that doesn't run.
extension Backups {
    /// Makes a backup of the data directory of a server that doesn't run, and that the caller has locked.
    ///
    /// - Throws: as ``create(at:)``; `StoreError` when the databases can't be opened.
    package static func create(
        at path: String, of dataDirectory: DataDirectory, configurationFile: String?, environment: Environment
    ) async throws -> BackupMarker {
        try BackupDirectory.checkFinished(dataDirectory.path)
        let blockCache = BlockCache(capacityBytes: verificationCacheBytes)
        let serverName = try StoredBackups.serverName(of: dataDirectory.path, blockCache: blockCache)
        try await DatabasePreparation(
            Databases.schemas, in: dataDirectory.path, serverName: serverName, blockCache: blockCache, environment: environment
        ).check()
        var databases: [Database] = []
        defer { for database in databases { database.close() } }
        for schema in Databases.schemas {
            databases.append(
                try Database(
                    schema: schema, directory: dataDirectory.path(of: schema.name), serverName: serverName, blockCache: blockCache,
                    environment: environment, notifier: Notifier(), isPrepared: true))
        }
        return try await Backups(
            serverName: serverName, dataDirectory: dataDirectory.path, databases: databases, configurationFile: configurationFile,
            environment: environment
        ).create(at: path)
    }

    /// A walk through everything needs no more.
    static let verificationCacheBytes = 32 << 20
}
