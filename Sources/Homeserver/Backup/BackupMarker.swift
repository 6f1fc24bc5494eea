import CanonicalJSON
import MatrixProtocol
import Store

/// What a backup says of itself: the file `backup.json`.
package struct BackupMarker: Sendable, Equatable {
    /// A database as the backup has it.
    package struct Database: Sendable, Equatable {
        package let name: String
        package let schemaVersion: UInt64
        /// The last position that it had given out.
        package let position: Position
    }

    /// Whose backup it is.
    package let serverName: String
    /// The moment that it is of, in milliseconds since 1970.
    package let time: Int64
    /// The version of the program that made it.
    package let programVersion: String
    /// How large its files are together.
    package let bytes: UInt64
    /// For how long writers have waited for it, in milliseconds.
    package let pauseMilliseconds: Int64
    package let databases: [Database]

    /// The marker as a JSON object.
    package var json: JSONObject {
        [
            "server_name": .string(serverName), "created_ts": .integer(time), "program_version": .string(programVersion),
            "bytes": .integer(Int64(clamping: bytes)), "pause_ms": .integer(pauseMilliseconds),
            "databases": .array(
                databases.map {
                    [
                        "name": .string($0.name), "schema_version": .integer(Int64(clamping: $0.schemaVersion)),
                        "position": .integer($0.position.value),
                    ]
                }),
        ]
    }
}

extension BackupMarker {
    /// Reads the marker of the backup at `path`.
    ///
    /// - Throws: `StoreError.dataDirectory` when there is no backup, or only half of one; ``BackupError/unreadableMarker(path:)``.
    package init(ofBackupAt path: String) throws {
        let bytes = try BackupDirectory.marker(at: path)
        guard let object = try? JSONValue(parsing: bytes).objectValue, let marker = BackupMarker(object) else {
            throw BackupError.unreadableMarker(path: path)
        }
        self = marker
    }

    /// The marker that a JSON object is; nil when it is none.
    package init?(_ object: JSONObject) {
        guard let serverName = object["server_name"]?.stringValue, let time = object["created_ts"]?.integerValue,
            let programVersion = object["program_version"]?.stringValue,
            let bytes = object["bytes"]?.integerValue.flatMap({ UInt64(exactly: $0) }),
            let pauseMilliseconds = object["pause_ms"]?.integerValue,
            let databases = object["databases"]?.arrayValue?.map({ Database($0) }), !databases.contains(nil)
        else { return nil }
        self.init(
            serverName: serverName, time: time, programVersion: programVersion, bytes: bytes, pauseMilliseconds: pauseMilliseconds,
            databases: databases.compactMap(\.self))
    }
}

extension BackupMarker.Database {
    fileprivate init?(_ value: JSONValue) {
        guard let object = value.objectValue, let name = object["name"]?.stringValue,
            let schemaVersion = object["schema_version"]?.integerValue.flatMap({ UInt64(exactly: $0) }),
            let position = object["position"]?.integerValue
        else { return nil }
        self.init(name: name, schemaVersion: schemaVersion, position: Position(position))
    }
}

/// What can go wrong with backups beside what goes wrong with files.
package enum BackupError: Error, Equatable, CustomStringConvertible {
    /// One at a time.
    case isBeingMade
    /// The marker is there, but nobody can read it.
    case unreadableMarker(path: String)
    /// The backup says that it is one server's, and a database in it another one's.
    case foreignDatabase(path: String, serverName: String)

    package var description: String {
        switch self {
        case .isBeingMade: "a backup is being made at the moment; try again when it is done"
        case .unreadableMarker(let path): "\(path)/\(BackupDirectory.marker) can't be understood: it is damaged, or of a newer version"
        case .foreignDatabase(let path, let serverName): "\(path) is not \(serverName)'s, as the backup says"
        }
    }
}
