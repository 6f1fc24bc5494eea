import ArgumentParser
import Homeserver
import Store

/// `martlet db verify`: reads all of a server's databases and says what is wrong in them.
struct DBVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read everything in the databases and say what is wrong in them. Nothing is changed.",
        discussion: """
            Of a running server, what is verified is a backup in the data directory that shares its files, and is removed at the end. \
            The status is 0 when nothing is wrong, 1 otherwise.
            """)

    @OptionGroup var configurationOptions: ConfigurationOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    /// The backup of a running server, in its data directory.
    private static let backupName = "verify.new"

    func run() async throws {
        let configuration = try configurationOptions.load()
        let results: [VerificationResult]
        switch try ServerAccess(to: configuration) {
        case .running(let client):
            let path = AbsolutePath.of(configuration.dataDirectory) + "/\(Self.backupName)"
            // What an interrupted verification has left.
            try BackupDirectory.remove(path)
            _ = try await client.makeBackup(at: path)
            results = StoredBackups.verify(path)
            try BackupDirectory.remove(path)
        case .stopped(let directory):
            results = StoredBackups.verify(directory.path)
            withExtendedLifetime(directory) {}
        }
        try VerificationReport(results).print(asJSON: json)
    }
}
