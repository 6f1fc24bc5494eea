import TestSupport
import Testing

/// Two people chat with matrix-nio; `nio_chat.py` says what they do and check.
@Suite struct ChatTests {
    /// How many sends are answered before the server is killed.
    private static let answeredSendsBeforeKill = 200

    @Test(.timeLimit(.minutes(10)))
    func peopleChatAndACrashLosesAndRepeatsNothing() async throws {
        let server = try await ServerProcess.start()
        let chat = try PythonScript("nio_chat.py", .nio, directory: server.directory)
        let (state, log) = (chat.file("state.json"), chat.file("answered.jsonl"))
        try await chat.run("chat", server.baseURL, server.registrationToken ?? "", state)

        let stream = try chat.start("stream", server.baseURL, state, log)
        while (readFile(log) ?? []).count(where: { $0 == UInt8(ascii: "\n") }) < Self.answeredSendsBeforeKill {
            try #require(stream.exitStatus == nil, "the senders ended before the server: \(stream.output)")
            try await Task.sleep(for: .milliseconds(5))
        }
        server.kill()
        #expect(try await stream.wait() == .exited(0), "\(stream.output)")

        let again = try await server.restart()
        try await chat.run("verify", again.baseURL, state, log)
        #expect(try await again.stop() == .exited(0))
    }
}
