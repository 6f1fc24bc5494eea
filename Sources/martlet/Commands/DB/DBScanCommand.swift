import ArgumentParser

/// `martlet db scan`: the entries of a map, or of a part of it.
struct DBScanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: "Print the entries of a map in the order of their keys, one on a line.",
        discussion: """
            A prefix is written like a key: the beginning of a text, or the first parts of a key of several, such as '["@alice:example.org"]'; \
            the first part alone needs no brackets.
            """)

    @OptionGroup var configurationOptions: ConfigurationOptions
    @OptionGroup var mapOptions: MapOptions

    @Argument(help: "The map's name.")
    var map: String

    @Argument(help: "What the keys begin with.")
    var prefix: String?

    @Option(help: "The most entries to print.")
    var limit: Int?

    @Flag(help: "From the last key to the first.")
    var reverse = false

    @Flag(help: "Print each entry as a JSON object with key and value.")
    var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is a number from 1 on.") }
    }

    func run() async throws {
        let access = try DatabaseAccess(to: configurationOptions.load())
        let scan = DatabaseAccess.Scan(map: map, prefix: prefix, database: mapOptions.database, limit: limit, reverse: reverse)
        try await access.scan(scan) { entry in
            let entry = PrintedEntry(entry)
            print(json ? entry.json : "\(entry.key)\t\(entry.value)")
        }
    }
}
