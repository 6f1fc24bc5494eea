import ArgumentParser

/// `martlet db`: sees into a server's databases, running or stopped, and looks after them.
struct DBCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db",
        abstract: "See into the databases of a running or stopped server, and look after them.",
        subcommands: [])
}
