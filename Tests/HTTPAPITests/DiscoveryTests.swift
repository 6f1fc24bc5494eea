import CanonicalJSON
import MatrixProtocol
import Testing

@testable import HTTPAPI

@Suite struct DiscoveryTests {
    @Test func whatIsNotAlwaysServedIsNamedWhereItIs() {
        let id = "org.matrix.msc4028"
        #expect(UnstableFeatures.served(hasCallTransports: false, PushRuleOptions())[id] == nil)
        #expect(UnstableFeatures.served(hasCallTransports: false, PushRuleOptions(notifiesOfEncryptedEvents: true))[id] == true)
    }

    @Test func listsVersions() async throws {
        try await TestServer.run(groups: [VersionsRoutes(unstableFeatures: ["org.example.my_feature": true])]) { server async throws in
            let response = try await server.send(.get, "/_matrix/client/versions")
            let versions = response.json["versions"]?.arrayValue ?? []
            #expect(versions.contains("r0.6.1"))
            #expect(versions.contains("v1.1"))
            #expect(versions.last == "v1.19")
            #expect(response.json["unstable_features"] == ["org.example.my_feature": true])
        }
    }

    @Test func tellsWhereTheServerIs() async throws {
        let address = PublicAddress(
            baseURL: "https://matrix.example.org/",
            supportContacts: [
                SupportContact(matrixID: "@admin:example.org", emailAddress: "admin@example.org", role: "m.role.admin"),
                SupportContact(emailAddress: "security@example.org", role: "m.role.security"),
            ], supportPage: "https://example.org/support.html")
        try await TestServer.run(groups: [WellKnownRoutes(address)]) { server async throws in
            #expect(
                try await server.send(.get, "/.well-known/matrix/client").json == [
                    "m.homeserver": ["base_url": "https://matrix.example.org"]
                ])
            #expect(try await server.send(.get, "/.well-known/matrix/server").json == ["m.server": "matrix.example.org:443"])
            #expect(
                try await server.send(.get, "/.well-known/matrix/support").json == [
                    "contacts": [
                        ["matrix_id": "@admin:example.org", "email_address": "admin@example.org", "role": "m.role.admin"],
                        ["email_address": "security@example.org", "role": "m.role.security"],
                    ],
                    "support_page": "https://example.org/support.html",
                ])
        }
    }

    @Test func saysThatNothingIsConfigured() async throws {
        try await TestServer.run(groups: [WellKnownRoutes(PublicAddress())]) { server async throws in
            for document in ["client", "server", "support", "policy_server"] {
                let response = try await server.send(.get, "/.well-known/matrix/\(document)")
                #expect(response.status == .notFound)
                #expect(response.errcode == "M_NOT_FOUND")
            }
        }
    }

    @Test(arguments: [
        ("https://example.org", "example.org:443"), ("https://example.org:8448/x", "example.org:8448"), ("http://localhost:8008", nil),
        ("https://[::1]:1234", "[::1]:1234"), ("https://", nil),
    ])
    func derivesTheFederationAddress(baseURL: String, expected: String?) {
        #expect(PublicAddress(baseURL: baseURL).federationAddress == expected)
    }

    @Test func listsCapabilities() async throws {
        try await TestServer.run(groups: [CapabilitiesRoutes(defaultRoomVersion: .v11)]) { server async throws in
            #expect(try await server.send(.get, "/_matrix/client/v3/capabilities").errcode == "M_MISSING_TOKEN")
            let response = try await server.send(.get, "/_matrix/client/v3/capabilities", token: "letmein")
            let capabilities = try #require(response.json["capabilities"]?.objectValue)
            let versions = try #require(capabilities["m.room_versions"]?.objectValue)
            #expect(versions["default"] == "11")
            #expect(versions["available"]?.objectValue?["12"] == "stable")
            #expect(capabilities["m.change_password"] == ["enabled": true])
            #expect(capabilities["m.3pid_changes"] == ["enabled": false])
            #expect(capabilities["m.profile_fields"] == ["enabled": true])
        }
    }

    @Test func isHealthyEverywhere() async throws {
        let listeners = Resource.allCases.map { Listener(addresses: ["127.0.0.1"], port: 0, resources: [$0]) }
        try await TestServer.run(groups: [HealthRoutes(health: { [] })], listeners: listeners) { server async throws in
            for address in server.addresses {
                let client = TestServer.makeClient(port: address.port)
                #expect(try await client.get("/_martlet/health").status == .ok)
                try await client.shutdown()
            }
        }
    }

    @Test func saysWhichDatabaseFails() async throws {
        let routes = HealthRoutes { [("rooms", .failing(since: 17, reason: "no space")), ("accounts", .well)] }
        try await TestServer.run(groups: [routes]) { server async throws in
            let response = try await server.send(.get, "/_martlet/health")
            #expect(response.status == .serviceUnavailable)
            #expect(response.json == ["status": "failing", "databases": ["rooms": ["since": 17, "reason": "no space"]]])
        }
    }
}
