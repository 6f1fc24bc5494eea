import TestSupport
import Testing

/// Streams as other programs use them; `streams.py` has what they do and check.
@Suite struct StreamsTests {
    private static func start(_ environment: [String: String] = ["MARTLET_STREAMS__NEW_ROOMS": "open"]) async throws -> ServerProcess {
        var options = ServerProcess.Options()
        options.environment = environment
        return try await ServerProcess.start(options: options)
    }

    private static func run(_ scenario: String, on server: ServerProcess, _ arguments: String...) async throws {
        try await PythonScript("streams.py", .streams, directory: server.directory).run([scenario, server.baseURL] + arguments)
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["messages", "formats", "options", "order", "races", "bad-input", "flood", "slow-reader"])
    func programsUseStreams(_ scenario: String) async throws {
        let server = try await Self.start()
        try await Self.run(scenario, on: server)
        #expect(try await server.stop() == .exited(0))
    }

    @Test(.timeLimit(.minutes(5)), arguments: [true, false]) func whatWasKeptIsThereAfterARestart(isKilled: Bool) async throws {
        let server = try await Self.start()
        let state = "\(server.directory.path)/state.json"
        try await Self.run("fill", on: server, state)
        if isKilled { server.kill() } else { #expect(try await server.stop() == .exited(0)) }
        let again = try await server.restart()
        try await Self.run("find", on: again, state, isKilled ? "killed" : "stopped")
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["makers", "matrix-room"]) func usersAreWhoTheirTokensSay(_ scenario: String) async throws {
        let server = try await Self.start([:])
        try await Self.run(scenario, on: server, server.registrationToken ?? "")
    }

    @Test(.timeLimit(.minutes(5))) func aListenerOfItsOwnServesStreamsAtItsRoot() async throws {
        let server = try await Self.start([
            "MARTLET_STREAMS__NEW_ROOMS": "open", "MARTLET_STREAMS__PATH": "/live/streams",
            "MARTLET_LISTENERS": "[{ port: 0 }, { port: 0, resources: [streams] }]",
        ])
        let root = try #require(server.output.split(separator: "\n").last { $0.hasPrefix("listening on ") }).dropFirst(
            "listening on ".count)
        try await Self.run("places", on: server, String(root))
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["false", "true"]) func theAdministratorDecides(isEnabled: String) async throws {
        let server = try await Self.start(["MARTLET_STREAMS__NEW_ROOMS": "off", "MARTLET_STREAMS__ENABLED": isEnabled])
        try await Self.run("off", on: server, isEnabled)
    }

    @Test(
        .timeLimit(.minutes(5)),
        .enabled(if: Chromium.path != nil, "Chromium is not installed: the demo page was not tried (apt-get install chromium)"))
    func twoTabsShareTheDemosCanvas() async throws {
        let server = try await Self.start(["MARTLET_STREAMS__NEW_ROOMS": "open", "MARTLET_STREAMS__DEMO": "true"])
        try await PythonScript("streams_demo.py", .streams, directory: server.directory).run(
            [try #require(Chromium.path), "\(server.baseURL)/_martlet/streams/demo", server.directory.path])
    }
}
