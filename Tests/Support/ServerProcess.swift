import Glibc

/// A running `martlet serve`, as a person would start it: the program that was built beside the tests, a directory of its own, loopback.
///
/// ```swift
/// let server = try await ServerProcess.start()
/// // ... requests to server.baseURL, accounts made with server.registrationToken ...
/// server.kill()
/// let again = try await server.restart()  // same port, same data directory
/// ```
///
/// The environment variable `MARTLET_TEST_EXECUTABLE` names another program to test, such as a release build.
public final class ServerProcess: Sendable {
    /// Why a server did not start.
    public enum Failure: Error {
        /// It ended before it listened.
        case ended(ChildProcess.ExitStatus, output: String)
        /// It did not say within ``startTimeout`` that it listens.
        case silent(output: String)
        /// The system does not know the process.
        case noMemoryFigure
    }

    /// What a server is started with.
    public struct Options: Sendable {
        /// The name in its user and room IDs.
        public var serverName = "localhost"
        /// Settings by their environment variables, and variables for the program loader.
        public var environment: [String: String] = [:]
        /// A library that is loaded before all others.
        public var preload: String?
        /// A program and its arguments that become the server, such as `nsenter` with a namespace; empty for none.
        public var launcher: [String] = []

        /// The settings that the server has when it is told nothing but its data directory.
        public init() {}
    }

    /// How long a server may take to listen.
    public static let startTimeout = Duration.seconds(120)
    /// How long a server may take to end after SIGTERM.
    public static let stopTimeout = Duration.seconds(60)

    /// `http://127.0.0.1:PORT`.
    public let baseURL: String
    /// The port that it listens on.
    public let port: Int
    /// The token with which it lets people register; nil where it wants none.
    public let registrationToken: String?
    /// The path of its data directory.
    public let dataDirectory: String
    /// The directory that holds the data directory and the server's output.
    public let directory: TemporaryDirectory
    /// What it was started with.
    public let options: Options
    /// How long it took from the start of the process until it said that it listens.
    public let startDuration: Duration
    private let process: ChildProcess

    private init(
        process: ChildProcess, baseURL: String, port: Int, registrationToken: String?, directory: TemporaryDirectory, dataDirectory: String,
        options: Options, startDuration: Duration
    ) {
        self.process = process
        self.baseURL = baseURL
        self.port = port
        self.registrationToken = registrationToken
        self.directory = directory
        self.dataDirectory = dataDirectory
        self.options = options
        self.startDuration = startDuration
    }

    deinit {
        // Before its directory goes.
        process.kill()
    }

    /// Starts a server and waits until it listens.
    ///
    /// - Parameters:
    ///   - directory: Where its data directory lies and its output goes; a fresh one unless it is given.
    ///   - dataName: The data directory's name in `directory`.
    ///   - port: The port to listen on; 0 takes any that is free.
    public static func start(
        in directory: TemporaryDirectory? = nil, dataName: String = "data", port: Int = 0, options: Options = Options()
    ) async throws -> ServerProcess {
        let directory = try directory ?? TemporaryDirectory("martlet-server")
        let begin = ContinuousClock.now
        let process = try launch(in: directory, dataName: dataName, port: port, options: options)
        let deadline = begin + startTimeout
        while ContinuousClock.now < deadline {
            // The status first: what an ended program has written is complete.
            let status = process.exitStatus
            let output = process.output
            if let baseURL = value(after: "listening on ", in: output), let port = baseURL.split(separator: ":").last.flatMap({ Int($0) }) {
                // How to register is said before.
                let token = value(after: "registration token: ", in: output)
                return ServerProcess(
                    process: process, baseURL: baseURL, port: port, registrationToken: token, directory: directory,
                    dataDirectory: "\(directory.path)/\(dataName)", options: options, startDuration: ContinuousClock.now - begin)
            }
            if let status { throw Failure.ended(status, output: output) }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Failure.silent(output: process.output)
    }

    /// Starts a server's process and doesn't wait for it to listen.
    public static func launch(
        in directory: TemporaryDirectory, dataName: String = "data", port: Int = 0, options: Options = Options()
    ) throws -> ChildProcess {
        var environment = options.environment
        environment["LD_PRELOAD"] = options.preload
        let dataDirectory = "\(directory.path)/\(dataName)"
        let command =
            options.launcher
            + [executable, "serve", "--port", "\(port)", "--data", dataDirectory, "--server-name", options.serverName]
        return try ChildProcess(command[0], Array(command.dropFirst()), environment: environment, outputPath: outputPath(in: directory))
    }

    /// Ends the server with SIGKILL, as a crash would.
    public func kill() {
        process.kill()
    }

    /// Asks the server to end with SIGTERM, and waits until it has.
    public func stop() async throws -> ChildProcess.ExitStatus {
        process.send(signal: SIGTERM)
        return try await process.wait(timeout: Self.stopTimeout)
    }

    /// Starts a server on the port and the data directory of this one, which has ended.
    public func restart(options: Options? = nil) async throws -> ServerProcess {
        let dataName = String(dataDirectory.dropFirst(directory.path.utf8.count + 1))
        return try await Self.start(in: directory, dataName: dataName, port: port, options: options ?? self.options)
    }

    /// How the server ended; nil while it runs.
    public var exitStatus: ChildProcess.ExitStatus? {
        process.exitStatus
    }

    /// What the server has written to standard output and standard error.
    public var output: String {
        process.output
    }

    /// The memory that the process holds now (its resident set), in bytes.
    public func residentBytes() throws -> Int {
        let status = readFile("/proc/\(process.processID)/status").map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard let kilobytes = Self.value(after: "VmRSS:", in: status)?.split(separator: " ").first.flatMap({ Int($0) }) else {
            throw Failure.noMemoryFigure
        }
        return kilobytes * 1024
    }

    /// The path of the server's program.
    public static var executable: String {
        getenv("MARTLET_TEST_EXECUTABLE").map { String(cString: $0) } ?? builtProgram("martlet")
    }

    /// The path of a program of this package: in the directory of the running test program, where the build puts both.
    public static func builtProgram(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = max(0, readlink("/proc/self/exe", &buffer, buffer.count))
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/\(name)"
    }

    /// A file for each start, so that the output of the server before can still be read.
    private static func outputPath(in directory: TemporaryDirectory) -> String {
        var number = 1
        while access("\(directory.path)/output-\(number).log", F_OK) == 0 { number += 1 }
        return "\(directory.path)/output-\(number).log"
    }

    /// The rest of the first complete line that starts with `prefix`.
    private static func value(after prefix: String, in text: String) -> String? {
        guard let end = text.utf8.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
        return text[..<end].split(separator: "\n").first { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count).drop { $0 == " " || $0 == "\t" }) }
    }
}
