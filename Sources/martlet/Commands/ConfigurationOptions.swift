import ArgumentParser
import FoundationEssentials
import ServerConfiguration

/// How a command is told which server it is about: by its configuration file, by its data directory, or by both.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("The configuration file.", valueName: "file"))
    var file: String?

    @Option(name: .customLong("data"), help: ArgumentHelp("The data directory (data_directory).", valueName: "directory"))
    var dataDirectory: String?

    /// The server's configuration, as `martlet serve` with the same options and environment has it.
    ///
    /// - Parameter flags: further flags of the command, which lie above everything else.
    /// - Throws: `ConfigurationError`, or that the file can't be read.
    func load(flags: [ConfigurationFlag] = []) throws -> Configuration {
        var sources = ConfigurationSources()
        sources.file = try file.map { try ConfigurationFile(reading: $0) }
        sources.environment = ProcessInfo.processInfo.environment
        if let dataDirectory { sources.flags.append(ConfigurationFlag("--data", sets: "data_directory", to: .text(dataDirectory))) }
        sources.flags += flags
        return try Configuration.load(from: sources)
    }
}
