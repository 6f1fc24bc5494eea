import ArgumentParser
import CanonicalJSON
import Homeserver
import Store

/// `martlet backup create`: makes a backup of a server, which goes on if it runs.
struct BackupCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a backup.",
        discussion: """
            A running server makes it, with all databases as they are at one moment; writing waits for some milliseconds. On the file \
            system of the data directory a backup takes little space at first, since it shares its files with the server: copy it \
            elsewhere to be safe from a failing disk.
            """)

    @Argument(help: "The folder to make it in: empty, or not there yet.")
    var to: String

    @OptionGroup var configurationOptions: ConfigurationOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() async throws {
        let configuration = try configurationOptions.load()
        let path = AbsolutePath.of(to)
        let marker: BackupMarker
        switch try ServerAccess(to: configuration) {
        case .running(let client):
            marker = try await client.makeBackup(at: path)
        case .stopped(let directory):
            marker = try await Backups.create(
                at: path, of: directory, configurationFile: configurationOptions.file, environment: .system())
            withExtendedLifetime(directory) {}
        }
        if json {
            var object = marker.json
            object["path"] = .string(path)
            print(String(decoding: object.encoded(), as: UTF8.self))
        } else {
            print(BackupText.line(path, marker))
            print("writers waited for \(marker.pauseMilliseconds) ms")
        }
    }
}

extension ControlClient {
    /// Has the server make a backup in a folder, given by an absolute path.
    ///
    /// - Throws: ``ControlError``.
    func makeBackup(at path: String) async throws -> BackupMarker {
        let answer = try await ask("backup", ["to": .string(path)])
        guard let marker = BackupMarker(answer) else {
            throw ControlError(description: "the server is of another version than this program: its answer can't be understood")
        }
        return marker
    }
}
