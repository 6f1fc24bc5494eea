import ArgumentParser
import CanonicalJSON

/// `martlet db stats`: how large the databases and their maps are, and how they are doing.
struct DBStatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Print how the databases and each of their maps are doing.",
        discussion: """
            KEYS is an estimate. MEMORY is what a map has in memory beside the block cache, which all maps share. CACHE HITS is the part of the \
            blocks needed by reads since the start that were in a block cache, and how many were needed. Memory and cache are a running server's.
            """)

    @OptionGroup var configurationOptions: ConfigurationOptions

    @Flag(help: "Print a JSON object, with everything in bytes.")
    var json = false

    func run() async throws {
        let statistics = try await DatabaseAccess(to: configurationOptions.load()).statistics()
        print(json ? String(decoding: statistics.encoded(), as: UTF8.self) : StatisticsText(statistics).text)
    }
}
