import TestSupport
import Testing

/// Two people with two devices each talk encrypted with matrix-nio; `nio_encryption.py` says what they do and check.
@Suite struct EncryptionTests {
    @Test(.timeLimit(.minutes(10)))
    func devicesVerifyEachOtherAndTalkAcrossACrash() async throws {
        let server = try await ServerProcess.start()
        let script = try PythonScript("nio_encryption.py", .encryptedNIO, directory: server.directory)
        let (state, store) = (script.file("state.json"), script.file("store"))
        try await script.run("begin", server.baseURL, server.registrationToken ?? "", state, store)
        server.kill()
        let again = try await server.restart()
        try await script.run("go-on", again.baseURL, state, store)
        #expect(try await again.stop() == .exited(0))
    }
}
