import TestSupport
import Testing

/// A Python script beside this file that drives a server with libraries that others wrote.
struct PythonScript {
    /// What a script needs, by its names on PyPI.
    struct Packages {
        let names: [String]

        static let nio = Packages(names: ["matrix-nio==0.26.0"])
        static let encryptedNIO = Packages(names: ["matrix-nio[e2e]==0.26.0"])
        static let streams = Packages(names: ["cbor2==6.2.1", "websockets==17.4"])
    }

    private let python: String
    private let path: String
    private let directory: TemporaryDirectory

    /// - Parameters:
    ///   - name: The script's file name.
    ///   - packages: What it is written for.
    ///   - directory: Where its files and its output go.
    init(_ name: String, _ packages: Packages, directory: TemporaryDirectory) throws {
        python = try PythonEnvironment.python(with: packages.names)
        path = #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/" + name
        self.directory = directory
    }

    /// The path of a file that the script writes.
    func file(_ name: String) -> String {
        "\(directory.path)/\(name)"
    }

    /// Starts the script.
    func start(_ arguments: String...) throws -> ChildProcess {
        try ChildProcess(python, [path] + arguments, outputPath: file("script-output"))
    }

    /// Runs the script to its end, which has to be a success.
    func run(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let result = try await ChildProcess.run(
            python, [path] + arguments, outputPath: file("script-output"), timeout: .seconds(300))
        try #require(result.status == .exited(0), "\(result.output)", sourceLocation: sourceLocation)
    }

    /// The same with the arguments one by one.
    func run(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await run(arguments, sourceLocation: sourceLocation)
    }
}
