import CanonicalJSON
import TestSupport
import Testing

/// What a client reads before it logs in: versions, well-known files, capabilities.
@Suite(.fewAtATime) struct DiscoveryTests {
    @Test func versions() async throws {
        let body = try await anybody().get("versions", api: "/_matrix/client").ok()
        let versions = try #require(body["versions"]?.strings)
        #expect(versions.contains("v1.11"))
        #expect(versions.allSatisfy { $0.hasPrefix("v1.") || $0.hasPrefix("r0.") })
        if let features = body["unstable_features"] {
            #expect(features.objectValue?.allSatisfy { $0.value.boolValue != nil } == true)
        }
        for proposal in ["msc4140", "msc4306", "msc4308", "msc4354", "simplified_msc3575"] {
            #expect(body["unstable_features", "org.matrix.\(proposal)"] == true)
        }
        // With a token too.
        let alice = try await newUser("alice")
        try await alice.get("versions", api: "/_matrix/client").ok()
    }

    @Test func capabilities() async throws {
        try await anybody().get("capabilities").fails(401, "M_MISSING_TOKEN")
        let alice = try await newUser("alice")
        let body = try await alice.get("capabilities").ok()
        #expect(body["capabilities", "m.room_versions", "default"] == "12")
        for version in (1...12).map(String.init) {
            #expect(body["capabilities", "m.room_versions", "available", version] == "stable")
        }
        #expect(body["capabilities", "m.change_password", "enabled"] == true)
    }

    @Test func wellKnownFiles() async throws {
        var options = ServerProcess.Options()
        options.serverName = "example.org"
        options.environment["MARTLET_PUBLIC_BASE_URL"] = "https://matrix.example.org"
        let server = try await ServerProcess.start(options: options)
        let client = try await server.anybody.get("client", api: "/.well-known/matrix")
        #expect(try client.ok()["m.homeserver", "base_url"]?.stringValue?.hasPrefix("https://matrix.example.org") == true)
        #expect(client.headers["content-type"]?.hasPrefix("application/json") == true)
        #expect(client.headers["access-control-allow-origin"] == "*")
        let serverFile = try await server.anybody.get("server", api: "/.well-known/matrix").ok()
        #expect(serverFile["m.server"] == "matrix.example.org:443")
        // Nothing is configured, so there is nothing to tell.
        try await server.anybody.get("support", api: "/.well-known/matrix").fails(404, "M_NOT_FOUND")

        // The server's name is in every ID that it makes.
        let alice = try await server.newUser("alice")
        #expect(alice.userID.hasSuffix(":example.org"))
        #expect(try await alice.createRoom(["room_version": "11"]).hasSuffix(":example.org"))
    }
}
