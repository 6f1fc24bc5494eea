import ArgumentParser
import CanonicalJSON
import Homeserver
import Store

/// `martlet backup verify`: reads all of a backup and says what is wrong with it.
struct BackupVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read everything in a backup and say what is wrong with it. Nothing is changed.",
        discussion: "The status is 0 when nothing is wrong, 1 otherwise.")

    @Argument(help: "The backup.")
    var at: String

    @OptionGroup var configurationOptions: ConfigurationOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
        try configurationOptions.check(BackupMarker(ofBackupAt: at), at: at)
        try VerificationReport(StoredBackups.verify(at)).print(asJSON: json)
    }
}
