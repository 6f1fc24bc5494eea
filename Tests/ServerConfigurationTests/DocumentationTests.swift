import FoundationEssentials
import ServerConfiguration
import Testing

/// docs/configuration.md and the options of the program are the same set.
@Suite struct DocumentationTests {
    private let page: String

    init() throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        page = try String(contentsOf: repository.appending(path: "docs/configuration.md"), encoding: .utf8)
    }

    /// An option's entry begins with a heading of its name, as in "### `registration.token`".
    @Test func everyOptionHasAnEntryAndNoOtherHas() {
        let headings = page.split(separator: "\n").filter { $0.hasPrefix("### `") }.map { String($0.dropFirst(5).dropLast()) }
        #expect(headings.sorted() == Configuration.optionNames.sorted())
    }

    @Test func everyEntryNamesItsEnvironmentVariable() {
        for name in Configuration.optionNames {
            let outsideLists = name.split(separator: "[").first.map(String.init) ?? name
            let variable = ConfigurationPath(outsideLists.split(separator: ".").map { .key(String($0)) }).environmentName
            #expect(page.contains("`\(variable)`"), "\(variable)")
        }
    }

    /// The complete example of the page is a configuration that the program takes.
    @Test func theExampleLoads() throws {
        let example = try #require(page.components(separatedBy: "```yaml\n").dropFirst().first?.components(separatedBy: "```").first)
        var sources = ConfigurationSources()
        sources.file = ConfigurationFile(name: "example", text: example)
        let configuration = try Configuration.load(from: sources)
        #expect(configuration.serverName == "example.org")
    }
}
