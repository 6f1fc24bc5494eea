import ArgumentParser
import CanonicalJSON

/// `martlet db get`: one entry of a map.
struct DBGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print the value at a key of a map.",
        discussion: """
            A key is written as it is: text, a number, hexadecimal digits. A key of several parts is a JSON array of them, such as \
            '["@alice:example.org","PHONE"]'.
            """)

    @OptionGroup var configurationOptions: ConfigurationOptions
    @OptionGroup var mapOptions: MapOptions

    @Argument(help: "The map's name.")
    var map: String

    @Argument(help: "The key.")
    var key: String

    @Flag(help: "Print a JSON object with key and value.")
    var json = false

    func run() async throws {
        let access = try DatabaseAccess(to: configurationOptions.load())
        let entry = PrintedEntry(try await access.get(map: map, key: key, database: mapOptions.database))
        print(json ? entry.json : entry.value)
    }
}

/// An entry as the commands print it.
struct PrintedEntry {
    private let entry: JSONObject

    init(_ entry: JSONObject) {
        self.entry = entry
    }

    /// The whole entry, as JSON on a line.
    var json: String { String(decoding: entry.encoded(), as: UTF8.self) }

    /// The key in the form in which it can be given to a command.
    var key: String { Self.plain(entry["key"] ?? .null) }

    /// The value; what doesn't decode is hexadecimal, and said to be damaged.
    var value: String {
        let value = Self.plain(entry["value"] ?? .null)
        return entry["error"]?.stringValue.map { "\(value) (damaged: \($0))" } ?? value
    }

    /// Text as it is, if it stays on its line and can't be taken for JSON; everything else as JSON.
    private static func plain(_ value: JSONValue) -> String {
        if let text = value.stringValue, text.first != "\"", text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) {
            return text
        }
        return String(decoding: value.encoded(), as: UTF8.self)
    }
}
