import ArgumentParser
import Glibc
import Homeserver
import ServerConfiguration

/// `martlet backup`: backups of a server, running or stopped.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Make backups of a running or stopped server, look after them, and restore them.",
        discussion: """
            A backup is a folder that is itself a data directory: a copy of it, under a server of the same name, is a working server.
            """,
        subcommands: [
            BackupCreateCommand.self, BackupVerifyCommand.self, BackupListCommand.self, BackupRestoreCommand.self,
        ])
}

/// Forms in which the commands tell of backups.
enum BackupText {
    /// A moment in milliseconds since 1970, as people write it, in UTC.
    static func time(_ milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [UInt8](repeating: 0, count: 32)
        // The buffer has room for more than the format makes, and the call says how much it was.
        let count = text.withUnsafeMutableBytes { strftime($0.baseAddress, $0.count, "%Y-%m-%d %H:%M:%S UTC", &parts) }
        return String(decoding: text[..<count], as: UTF8.self)
    }

    /// A backup in one line.
    static func line(_ path: String, _ marker: BackupMarker) -> String {
        "\(path): \(marker.serverName), \(time(marker.time)), \(ByteSize(marker.bytes))"
    }
}
