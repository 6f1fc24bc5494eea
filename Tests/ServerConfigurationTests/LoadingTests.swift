import ServerConfiguration
import Testing

@Suite struct LoadingTests {
    @Test func worksWithoutAnyConfiguration() throws {
        let configuration = try load("")
        #expect(configuration == Configuration())
        #expect(configuration.serverName == "localhost")
        #expect(configuration.dataDirectory == "./martlet-data")
        #expect(configuration.listeners.count == 1)
        #expect(configuration.listeners[0].bind == ["127.0.0.1"])
        #expect(configuration.listeners[0].port == 8008)
        #expect(configuration.listeners[0].resources == [.client, .federation])
        #expect(configuration.listeners[0].tls == nil)
        #expect(configuration.registration.enabled)
        #expect(configuration.registration.requireToken)
        #expect(configuration.registration.token == nil)
        #expect(configuration.rooms.defaultVersion == "12")
        #expect(configuration.logging.level == .info)
    }

    @Test func readsEveryOption() throws {
        let configuration = try load(
            """
            server_name: example.org
            public_base_url: https://matrix.example.org
            data_directory: /var/lib/martlet
            listeners:
              - { bind: [127.0.0.1, "::1"], port: 8008, resources: [client, federation] }
              - { bind: ["::"], port: 8448, tls: { certificate: cert.pem, private_key: key.pem }, resources: [federation] }
            registration: { enabled: true, require_token: false, token: "abc", shared_secret: "hidden" }
            rate_limits: { enabled: false }
            federation: { enabled: false, certificate_authorities: [ca.pem] }
            network: { denied_ip_ranges: ["10.0.0.0/8", "fc00::/7"], trusted_proxies: [192.0.2.1] }
            server_notices: { user: notices, room_name: News }
            application_services: [registration.yaml]
            rooms: { default_version: "11" }
            presence: { enabled: false }
            push: { encrypted_events: true }
            logging: { level: debug, format: json }
            support:
              contacts: [{ email_address: admin@example.org, matrix_id: "@admin:example.org", role: m.role.security }]
              support_page: https://example.org/help
            store: { block_cache: 256MiB }
            """)
        #expect(configuration.serverName == "example.org")
        #expect(configuration.publicBaseURL == "https://matrix.example.org")
        #expect(configuration.dataDirectory == "/var/lib/martlet")
        #expect(configuration.listeners.map(\.port) == [8008, 8448])
        #expect(configuration.listeners[0].bind == ["127.0.0.1", "::1"])
        #expect(configuration.listeners[1].tls?.certificate == "cert.pem")
        #expect(configuration.listeners[1].tls?.privateKey == "key.pem")
        #expect(configuration.listeners[1].resources == [.federation])
        #expect(!configuration.registration.requireToken)
        #expect(configuration.registration.token == "abc")
        #expect(configuration.registration.sharedSecret == "hidden")
        #expect(!configuration.rateLimits.enabled)
        #expect(!configuration.federation.enabled)
        #expect(configuration.federation.certificateAuthorities == ["ca.pem"])
        #expect(configuration.network.deniedIPRanges.map(\.description) == ["10.0.0.0/8", "fc00::/7"])
        #expect(configuration.network.trustedProxies.map(\.description) == ["192.0.2.1/32"])
        #expect(configuration.serverNotices.user == "notices" && configuration.serverNotices.roomName == "News")
        #expect(configuration.applicationServices == ["registration.yaml"])
        #expect(configuration.rooms.defaultVersion == "11")
        #expect(!configuration.presence.enabled)
        #expect(configuration.push.encryptedEvents)
        #expect(configuration.logging.level == .debug)
        #expect(configuration.logging.format == .json)
        #expect(configuration.support.contacts.map(\.role) == ["m.role.security"])
        #expect(configuration.support.contacts[0].matrixID == "@admin:example.org")
        #expect(configuration.support.supportPage == "https://example.org/help")
        #expect(configuration.store.blockCache.bytes == 256 << 20)
    }

    @Test func nothingUnderAKeyLeavesTheDefault() throws {
        #expect(try load("registration:\nlisteners: ~\nlogging:\n  level:\n# nothing else\n") == Configuration())
    }

    @Test func aTextMayLookLikeANumber() throws {
        let configuration = try load("registration: { token: 12345 }\nrooms: { default_version: 12 }")
        #expect(configuration.registration.token == "12345")
        #expect(configuration.rooms.defaultVersion == "12")
    }

    @Test func theEnvironmentLiesAboveTheFile() throws {
        let configuration = try load(
            """
            server_name: example.org
            registration: { enabled: false, token: fromfile }
            """,
            environment: [
                "MARTLET_REGISTRATION__TOKEN": "fromenvironment",
                "MARTLET_LISTENERS": "[{ bind: [127.0.0.2], port: 1234 }]",
                "MARTLET_LOGGING": "{ level: error }",
                "MARTLET_LOGGING__FORMAT": "json",
                "MARTLETS": "birds",
                "PATH": "/bin",
            ])
        #expect(configuration.serverName == "example.org")
        #expect(!configuration.registration.enabled)
        #expect(configuration.registration.token == "fromenvironment")
        #expect(configuration.listeners.map(\.bind) == [["127.0.0.2"]])
        #expect(configuration.logging.level == .error)
        #expect(configuration.logging.format == .json)
    }

    @Test func anEmptyVariableBringsTheDefaultBack() throws {
        let configuration = try load("registration: { token: abc }", environment: ["MARTLET_REGISTRATION__TOKEN": ""])
        #expect(configuration.registration.token == nil)
    }

    @Test func aVariableOfASectionIsLaidUnderOnesOfItsOptions() throws {
        let configuration = try load(
            "registration: { enabled: false }",
            environment: ["MARTLET_REGISTRATION__TOKEN": "inner", "MARTLET_REGISTRATION": "{ token: outer, require_token: false }"])
        #expect(!configuration.registration.enabled)
        #expect(!configuration.registration.requireToken)
        #expect(configuration.registration.token == "inner")
    }

    @Test func flagsLieAboveTheEnvironment() throws {
        let configuration = try load(
            "listeners: [{ bind: ['::1'], port: 1 }, { bind: ['::1'], port: 2 }]",
            environment: ["MARTLET_SERVER_NAME": "environment.example"],
            flags: [
                ConfigurationFlag("--server-name", sets: "server_name", to: .text("flag.example")),
                ConfigurationFlag("--port", sets: "listeners[0].port", to: .text("3")),
                ConfigurationFlag("--data", sets: "data_directory", to: .text("~")),
            ])
        #expect(configuration.serverName == "flag.example")
        #expect(configuration.listeners.map(\.port) == [3, 2])
        #expect(configuration.listeners[0].bind == ["::1"])
        #expect(configuration.dataDirectory == "~")
    }

    @Test func flagsMakeTheListenerThatNobodyDescribed() throws {
        let configuration = try load(
            "", flags: [ConfigurationFlag("--bind", sets: "listeners[0].bind", to: .list(["127.0.0.3", "::1"]))])
        #expect(configuration.listeners.map(\.bind) == [["127.0.0.3", "::1"]])
        #expect(configuration.listeners.map(\.port) == [8008])
    }
}

/// The configuration of a file named martlet.yaml with this text.
func load(
    _ text: String, environment: [String: String] = [:], flags: [ConfigurationFlag] = []
) throws(ConfigurationError) -> Configuration {
    var sources = ConfigurationSources()
    sources.file = ConfigurationFile(name: "martlet.yaml", text: text)
    sources.environment = environment
    sources.flags = flags
    return try Configuration.load(from: sources)
}
