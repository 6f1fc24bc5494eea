import TestSupport
import Testing

/// Every endpoint that matrix-nio uses answers in a form that it takes; `nio_endpoints.py` goes through them.
@Suite struct EndpointTests {
    @Test(.timeLimit(.minutes(5)))
    func answersAreWhatAClientExpects() async throws {
        let server = try await ServerProcess.start()
        try await PythonScript("nio_endpoints.py", .nio, directory: server.directory).run(server.baseURL, server.registrationToken ?? "")
    }
}
