import CanonicalJSON
import TestSupport
import Testing

/// The addresses of clients behind a reverse proxy, which says whose request it is in `X-Forwarded-For`.
@Suite(.fewAtATime) struct ReverseProxyTests {
    /// A log-in through a proxy that says so.
    private func logIn(_ user: MatrixTestClient, from forwarded: String, at server: ServerProcess) async throws -> Response {
        let body: JSONValue = [
            "type": "m.login.password", "password": "\(testPassword)", "identifier": ["type": "m.id.user", "user": "\(user.userID)"],
        ]
        return try await server.anybody.request(
            "POST", "\(MatrixTestClient.clientAPI)/login", headers: ["X-Forwarded-For": forwarded], body: body.encoded())
    }

    private func addresses(_ user: MatrixTestClient) async throws -> Set<String> {
        let devices = try await user.get("devices").ok()["devices"]?.arrayValue ?? []
        return Set(devices.compactMap { $0["last_seen_ip"]?.stringValue })
    }

    @Test func limitsAndDevicesGoByTheClientsAddress() async throws {
        var options = ServerProcess.Options()
        options.environment = ["MARTLET_RATE_LIMITS__LOGIN": "2 + 0.001/s"]
        let server = try await ServerProcess.start(options: options)
        let alice = try await server.newUser("alice")
        for _ in 0..<2 { try await logIn(alice, from: "203.0.113.1", at: server).ok() }
        try await logIn(alice, from: "203.0.113.1", at: server).fails(429, "M_LIMIT_EXCEEDED")
        // What a client has written itself stands before the proxy's entry, and changes nothing.
        try await logIn(alice, from: "198.51.100.9, 203.0.113.1", at: server).fails(429, "M_LIMIT_EXCEEDED")
        try await logIn(alice, from: "203.0.113.2", at: server).ok()
        #expect(try await addresses(alice) == ["127.0.0.1", "203.0.113.1", "203.0.113.2"])
        let whois = try await alice.get("admin", "whois", alice.userID).ok()
        let text = String(decoding: whois.encoded(), as: UTF8.self)
        #expect(text.contains("203.0.113.1") && !text.contains("198.51.100.9"))
        #expect(try await server.stop() == .exited(0))
    }

    @Test func strangersAreNotBelieved() async throws {
        var options = ServerProcess.Options()
        options.environment = ["MARTLET_RATE_LIMITS__LOGIN": "2 + 0.001/s", "MARTLET_NETWORK__TRUSTED_PROXIES": "[10.0.0.0/8]"]
        let server = try await ServerProcess.start(options: options)
        let alice = try await server.newUser("alice")
        for number in 1...2 { try await logIn(alice, from: "203.0.113.\(number)", at: server).ok() }
        try await logIn(alice, from: "203.0.113.3", at: server).fails(429, "M_LIMIT_EXCEEDED")
        #expect(try await addresses(alice) == ["127.0.0.1"])
        #expect(try await server.stop() == .exited(0))
    }
}
