import ArgumentParser

/// `martlet db`: sees into a server's databases, running or stopped, and looks after them.
struct DBCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db",
        abstract: "See into the databases of a running or stopped server, and look after them.",
        discussion: """
            docs/data-model.md has every map. A running server is asked through the control socket in its data directory; the directory of a \
            stopped one is opened, and kept from being used by a server meanwhile.
            """,
        subcommands: [
            DBStatsCommand.self, DBGetCommand.self, DBScanCommand.self, DBCompactCommand.self, DBVerifyCommand.self, DBRecoverCommand.self,
        ])
}

/// Which map a command is about.
struct MapOptions: ParsableArguments {
    @Option(help: "The database (rooms, accounts, transitory) of a map that each of them has, such as global.")
    var database: String?
}
