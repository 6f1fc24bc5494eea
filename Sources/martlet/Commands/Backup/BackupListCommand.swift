import ArgumentParser
import CanonicalJSON
import Homeserver

/// `martlet backup list`: the backups in a folder.
struct BackupListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the backups in a folder.",
        discussion: "With a configuration file, only those of its server.")

    @Argument(help: "The folder that has the backups in it.")
    var folder: String

    @OptionGroup var configurationOptions: ConfigurationOptions

    @Flag(help: "Print a JSON array.")
    var json = false

    func run() throws {
        let serverName = try configurationOptions.namedServer()
        let entries = try StoredBackups.list(folder).filter { entry in
            serverName == nil || (try? entry.marker.get().serverName) ?? serverName == serverName
        }
        if json {
            let array = JSONValue.array(
                entries.map { entry in
                    var object: JSONObject
                    switch entry.marker {
                    case .success(let marker): object = marker.json
                    case .failure(let error): object = ["error": .string("\(error)")]
                    }
                    object["path"] = .string(entry.path)
                    return .object(object)
                })
            print(String(decoding: array.encoded(), as: UTF8.self))
            return
        }
        for entry in entries {
            switch entry.marker {
            case .success(let marker): print(BackupText.line(entry.path, marker))
            case .failure(let error): print(error)
            }
        }
        if entries.isEmpty { print("no backups in \(folder)") }
    }
}

extension ConfigurationOptions {
    /// The name of the server whose configuration file was given; nil when none was.
    func namedServer() throws -> String? {
        file == nil ? nil : try load().serverName
    }

    /// - Throws: `ValidationError` when a backup is of another server than the one whose configuration file was given.
    func check(_ backup: BackupMarker, at path: String) throws {
        guard let serverName = try namedServer(), backup.serverName != serverName else { return }
        throw ValidationError("\(path) is a backup of the server \(backup.serverName), not of \(serverName)")
    }
}
