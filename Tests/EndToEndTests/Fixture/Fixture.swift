import CanonicalJSON
import Glibc
import TestSupport
import Testing

/// A small data directory as it was written by the program of certain schema versions, with a recording of what that program answered from it:
/// an archive `schema-ROOMS-ACCOUNTS-TRANSITORY.tar.gz` in Tests/Fixtures, which `make fixture` makes. docs/migrations.md tells when.
struct Fixture: CustomTestStringConvertible {
    /// The archive's name.
    let name: String

    /// The server whose data it is.
    static let serverName = "fixture.example"
    private static let folder = "\(Repository.path)/Tests/Fixtures"
    private static let recording = "recording.json"

    var testDescription: String { name }

    /// All that there are.
    static let all: [Fixture] = (try? names(in: folder))?.filter { $0.hasSuffix(".tar.gz") }.sorted().map { Fixture(name: $0) } ?? []

    /// Starts a server on a copy of the data directory.
    ///
    /// - Returns: the server, and what is recorded.
    func start() async throws -> (server: ServerProcess, recording: Recording) {
        let directory = try TemporaryDirectory("martlet-fixture")
        let data = "\(directory.path)/data"
        try #require(mkdir(data, 0o700) == 0)
        try await Self.run("/bin/tar", ["-xzf", "\(Self.folder)/\(name)", "-C", data], in: directory)
        let recorded = try #require(readFile("\(data)/\(Self.recording)"))
        var options = ServerProcess.Options()
        options.serverName = Self.serverName
        return (try await ServerProcess.start(in: directory, options: options), try Recording(JSONValue(parsing: recorded)))
    }

    /// Makes an archive of the data directory of a server that has stopped.
    static func make(of server: ServerProcess, _ recording: Recording) async throws -> Fixture {
        let data = server.dataDirectory
        var versions: [String] = []
        for database in ["rooms", "accounts", "transitory"] {
            let bytes = try await run(
                ServerProcess.executable, ["db", "get", "--data", data, "--database", database, "global", "schema_version"],
                in: server.directory)
            versions.append("\(try #require(UInt64(bytes.filter { !$0.isWhitespace }, radix: 16)))")
            // What RocksDB makes anew.
            for file in try names(in: "\(data)/\(database)") where file == "LOCK" || file.hasPrefix("LOG") || file.hasPrefix("OPTIONS-") {
                unlink("\(data)/\(database)/\(file)")
            }
        }
        for file in ["lock", "control.sock"] { unlink("\(data)/\(file)") }
        let bytes = recording.json.encoded()
        let file = open("\(data)/\(Self.recording)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        try #require(write(file, bytes, bytes.count) == bytes.count)
        let fixture = Fixture(name: "schema-\(versions.joined(separator: "-")).tar.gz")
        mkdir(folder, 0o755)
        try await run(
            "/bin/tar", ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-czf", "\(folder)/\(fixture.name)", "-C", data, "."],
            in: server.directory)
        return fixture
    }

    @discardableResult
    private static func run(_ program: String, _ arguments: [String], in directory: TemporaryDirectory) async throws -> String {
        let result = try await ChildProcess.run(program, arguments, outputPath: "\(directory.path)/\(unique("command")).log")
        try #require(result.status == .exited(0), "\(program): \(result.output)")
        return result.output
    }

    private static func names(in path: String) throws -> [String] {
        let directory = try #require(opendir(path))
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }
}
