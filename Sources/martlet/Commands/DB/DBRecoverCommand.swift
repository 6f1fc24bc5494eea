import ArgumentParser
import Homeserver
import Store

/// `martlet db recover`: goes on without what a stopped server's databases have lost.
struct DBRecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Make databases usable that the server refuses to open because something is missing or damaged.",
        discussion: """
            What is missing stays lost: messages that were sent, accounts, anything. Restore a backup instead if there is one, and copy the \
            data directory first in any case. The server has to be stopped. Databases that lack nothing are left as they are.
            """)

    @OptionGroup var configurationOptions: ConfigurationOptions

    @Flag(help: "Go on although changes are lost that the server had answered for.")
    var acceptLoss = false

    func validate() throws {
        guard acceptLoss else {
            throw ValidationError(
                "without what is missing, changes are lost that clients believe to be kept; say --accept-loss if that is what you want")
        }
    }

    func run() async throws {
        let configuration = try configurationOptions.load()
        let directory = try DataDirectory(existing: configuration.dataDirectory)
        defer { withExtendedLifetime(directory) {} }
        var isAnythingLost = false
        for schema in Databases.schemas {
            let outcome = try DatabaseRecovery.run(
                schema, in: directory.path(of: schema.name), serverName: configuration.serverName, clock: SystemClock())
            print("\(schema.name): \(Self.text(of: outcome))")
            isAnythingLost = isAnythingLost || outcome.fault != nil
        }
        if isAnythingLost { print("What is left may not fit together: see what `martlet db verify` says.") }
    }

    private static func text(of outcome: DatabaseRecovery.Outcome) -> String {
        guard let fault = outcome.fault else { return "nothing is missing" }
        var lines = ["recovered. What was wrong: \(fault)"]
        switch outcome.expectedSequence {
        case nil: lines.append("How much is lost is not known.")
        case let expected? where expected > outcome.lastSequence:
            lines.append("The writes from \(outcome.lastSequence + 1) to \(expected) are lost.")
        default: lines.append("No write at the end is missing; single ones may be.")
        }
        if outcome.isRebuilt {
            lines.append("It was put together again from its single files: things that were deleted may be back.")
        }
        return lines.joined(separator: "\n  ")
    }
}
