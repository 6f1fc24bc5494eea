import TestSupport
import Testing

/// The server is for small machines.
@Suite(.fewAtATime) struct MemoryTests {
    private static let idleBytesMax = 80_000_000

    @Test func anIdleServerStaysSmall() async throws {
        let server = try await ServerProcess.start()
        try await server.anybody.get("versions", api: "/_matrix/client").ok()
        try await Task.sleep(for: .seconds(2))
        let bytes = try server.residentBytes()
        #expect(bytes < Self.idleBytesMax, "\(bytes / 1_000_000) MB are resident")
    }
}
