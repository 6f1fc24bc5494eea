import ArgumentParser
import CanonicalJSON
import Homeserver

/// `martlet backup restore`: makes a data directory out of a backup.
struct BackupRestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Copy a backup to a new data directory, on which the server can then be started.")

    @Argument(help: "The backup.")
    var at: String

    @OptionGroup var configurationOptions: ConfigurationOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
        let target = try configurationOptions.load().dataDirectory
        try configurationOptions.check(BackupMarker(ofBackupAt: at), at: at)
        let marker = try StoredBackups.restore(at, to: target)
        if json {
            var object = marker.json
            object["path"] = .string(target)
            print(String(decoding: object.encoded(), as: UTF8.self))
        } else {
            print("\(target) is \(marker.serverName) as it was on \(BackupText.time(marker.time)); start the server on it")
        }
    }
}
