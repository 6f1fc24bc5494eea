import ArgumentParser
import CanonicalJSON
import ServerConfiguration

/// `martlet db compact`: merges tables.
struct DBCompactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Merge the tables of a map, or of all maps, so that what was deleted leaves the disk.",
        discussion: "It needs as much room on the disk as the largest map, for as long as it runs. A running server goes on meanwhile.")

    @OptionGroup var configurationOptions: ConfigurationOptions
    @OptionGroup var mapOptions: MapOptions

    @Argument(help: "The map's name; without it all maps are compacted.")
    var map: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() async throws {
        let answer = try await DatabaseAccess(to: configurationOptions.load()).compact(map: map, database: mapOptions.database)
        guard !json else { return print(String(decoding: answer.encoded(), as: UTF8.self)) }
        for case .object(let map) in answer["maps"]?.arrayValue ?? [] {
            let (before, after) = (map["disk_bytes_before"]?.integerValue ?? 0, map["disk_bytes"]?.integerValue ?? 0)
            // Most maps are empty.
            guard before > 0 || after > 0 else { continue }
            print("\(map["database"]?.stringValue ?? "") \(map["map"]?.stringValue ?? ""): \(ByteSize(before)) -> \(ByteSize(after))")
        }
    }
}
