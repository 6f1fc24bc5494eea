import ArgumentParser

/// The program: a Matrix homeserver, and what its administrator needs beside it.
@main struct Martlet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "A Matrix homeserver for a small box.",
        subcommands: [ServeCommand.self, DBCommand.self, BackupCommand.self, NoticeCommand.self, TokenCommand.self],
        defaultSubcommand: ServeCommand.self)
}
