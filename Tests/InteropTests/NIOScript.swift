import TestSupport
import Testing

/// A Python script beside this file that drives a server with matrix-nio, a client that others wrote.
struct NIOScript {
    private let python: String
    private let path: String
    private let directory: TemporaryDirectory

    /// - Parameters:
    ///   - name: The script's file name.
    ///   - package: What it is written for, as pip knows it.
    ///   - directory: Where its files and its output go.
    init(_ name: String, _ package: String = "matrix-nio==0.26.0", directory: TemporaryDirectory) throws {
        python = try PythonEnvironment.python(with: [package])
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
    func run(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let result = try await ChildProcess.run(
            python, [path] + arguments, outputPath: file("script-output"), timeout: .seconds(300))
        try #require(result.status == .exited(0), "\(result.output)", sourceLocation: sourceLocation)
    }
}
