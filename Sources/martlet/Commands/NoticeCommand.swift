import ArgumentParser
import CanonicalJSON

/// `martlet notice`: a message of the server to one of its users.
struct NoticeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notice",
        abstract: "Send a notice to a user of a running server.",
        discussion:
            "It comes from the user who is configured for that (server_notices.user), in the room that the recipient has for notices.")

    @OptionGroup var configurationOptions: ConfigurationOptions

    @Argument(help: "The recipient, such as @alice:example.org.")
    var user: String

    @Argument(help: "The text.")
    var text: String

    func run() async throws {
        guard case .running(let server) = try ServerAccess(to: configurationOptions.load()) else {
            throw ValidationError("The server doesn't run")
        }
        let answer = try await server.ask("notice", ["user_id": .string(user), "body": .string(text)])
        print(answer["event_id"]?.stringValue ?? "")
    }
}
