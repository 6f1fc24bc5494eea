import TestSupport
import Testing

/// Two people chat with matrix-nio, a client that others wrote; `nio_chat.py` says what they do and check.
@Suite struct ChatTests {
    /// How many sends are answered before the server is killed.
    private static let answeredSendsBeforeKill = 200

    @Test(.timeLimit(.minutes(10)))
    func peopleChatAndACrashLosesAndRepeatsNothing() async throws {
        let server = try await ServerProcess.start()
        let nio = try NIOChat(directory: server.directory)
        try await nio.run("chat", server.baseURL, server.registrationToken ?? "", nio.state)

        let stream = try nio.start("stream", server.baseURL, nio.state, nio.log)
        while (readFile(nio.log) ?? []).count(where: { $0 == UInt8(ascii: "\n") }) < Self.answeredSendsBeforeKill {
            try #require(stream.exitStatus == nil, "the senders ended before the server: \(stream.output)")
            try await Task.sleep(for: .milliseconds(5))
        }
        server.kill()
        #expect(try await stream.wait() == .exited(0), "\(stream.output)")

        let again = try await server.restart()
        try await nio.run("verify", again.baseURL, nio.state, nio.log)
        #expect(try await again.stop() == .exited(0))
    }
}

/// The script `nio_chat.py`, with its files in a directory.
private struct NIOChat {
    private let python: String
    private let script: String
    private let directory: TemporaryDirectory

    /// The file that the steps hand on.
    var state: String { "\(directory.path)/state.json" }
    /// The file with the sends that were answered.
    var log: String { "\(directory.path)/answered.jsonl" }

    init(directory: TemporaryDirectory) throws {
        python = try PythonEnvironment.python(with: ["matrix-nio==0.26.0"])
        script = #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/nio_chat.py"
        self.directory = directory
    }

    /// Starts a step of the script.
    func start(_ step: String, _ arguments: String...) throws -> ChildProcess {
        try ChildProcess(python, [script, step] + arguments, outputPath: "\(directory.path)/\(step).log")
    }

    /// Runs a step to its end, which has to be a success.
    func run(_ step: String, _ arguments: String...) async throws {
        let result = try await ChildProcess.run(
            python, [script, step] + arguments, outputPath: "\(directory.path)/\(step).log", timeout: .seconds(300))
        try #require(result.status == .exited(0), "\(step): \(result.output)")
    }
}
