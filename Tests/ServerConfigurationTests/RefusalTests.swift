import ServerConfiguration
import Testing

@Suite struct RefusalTests {
    @Test(arguments: [
        ("registration:\n  requre_token: true", "martlet.yaml:2:17: unknown key registration.requre_token; did you mean require_token?"),
        ("servername: example.org", "martlet.yaml:1:13: unknown key servername; did you mean server_name?"),
        ("listeners: [{ prot: 1 }]", "martlet.yaml:1:21: unknown key listeners[0].prot; did you mean port?"),
        (
            "listeners: [{ tls: { key: k.pem } }]",
            "martlet.yaml:1:27: unknown key listeners[0].tls.key; did you mean private_key?"
        ),
    ])
    func unknownKeys(text: String, message: String) {
        #expect(messages(text) == [message])
    }

    @Test func allUnknownKeysAreNamedAtOnce() {
        #expect(
            messages("logging: { lewel: info }\nserver: x") == [
                "martlet.yaml:1:19: unknown key logging.lewel; did you mean level?",
                "martlet.yaml:2:9: unknown key server; did you mean store?",
            ])
    }

    @Test(arguments: [
        ("registration: { enabled: 7 }", "martlet.yaml:1:26: registration.enabled: expected true or false, found 7"),
        ("registration: { enabled: 'true' }", "martlet.yaml:1:26: registration.enabled: expected true or false, found the string \"true\""),
        ("registration: [a]", "martlet.yaml:1:15: registration: expected a mapping, found a list"),
        ("registration: { token: [a] }", "martlet.yaml:1:24: registration.token: expected a string, found a list"),
        ("listeners: { port: 1 }", "martlet.yaml:1:12: listeners: expected a list, found a mapping"),
        ("listeners: [{ port: http }]", "martlet.yaml:1:21: listeners[0].port: expected a whole number, found the string \"http\""),
        ("listeners: [{ bind: 127.0.0.1 }]", "martlet.yaml:1:21: listeners[0].bind: expected a list, found the string \"127.0.0.1\""),
        (
            "listeners: [{ resources: [clients] }]",
            "martlet.yaml:1:27: listeners[0].resources[0]: expected one of client, federation, admin, streams, metrics, found the string \"clients\""
        ),
        ("logging: { format: xml }", "martlet.yaml:1:20: logging.format: expected one of text, json, found the string \"xml\""),
        ("store: { block_cache: 64MB }", "martlet.yaml:1:23: store.block_cache: expected a size such as 64MiB, found the string \"64MB\""),
        (
            "network: { denied_ip_ranges: [10.0.0.0/33] }",
            "martlet.yaml:1:31: network.denied_ip_ranges[0]: expected a range of addresses such as 10.0.0.0/8, found the string \"10.0.0.0/33\""
        ),
        ("just words", "martlet.yaml:1:1: the configuration: expected a mapping, found the string \"just words\""),
    ])
    func wrongTypes(text: String, message: String) {
        #expect(messages(text) == [message])
    }

    @Test func whatIsNotYAML() {
        #expect(messages("registration: {").first?.hasPrefix("martlet.yaml:2:1: not YAML: ") == true)
        #expect(messages("server_name: a\nserver_name: b") == ["martlet.yaml:1:1: given more than once: server_name"])
    }

    @Test(arguments: [
        ("MARTLET_REGISTRATION__TOKKEN", "MARTLET_REGISTRATION__TOKEN"),
        ("MARTLET_REGISTRATION_TOKEN", "MARTLET_REGISTRATION__TOKEN"),
        ("MARTLET_SERVERNAME", "MARTLET_SERVER_NAME"),
        ("MARTLET_server_name", "MARTLET_SERVER_NAME"),
    ])
    func unknownEnvironmentVariables(name: String, known: String) {
        #expect(messages("", environment: [name: "x"]) == ["unknown environment variable \(name); did you mean \(known)?"])
    }

    @Test func theSourceOfAProblemIsNamed() {
        #expect(
            messages("registration: { enabled: true }", environment: ["MARTLET_REGISTRATION__ENABLED": "maybe"])
                == ["MARTLET_REGISTRATION__ENABLED: registration.enabled: expected true or false, found the string \"maybe\""])
        #expect(
            messages("server_name: a", environment: ["MARTLET_REGISTRATION": "{ tokn: x }"])
                == ["MARTLET_REGISTRATION: unknown key registration.tokn; did you mean token?"])
        #expect(
            messages("", flags: [ConfigurationFlag("--port", sets: "listeners[0].port", to: .text("70000"))])
                == ["--port: listeners[0].port: 70000 is not a port"])
    }

    @Test(arguments: [
        ("server_name: 'exa mple.org'", "\"exa mple.org\" is not a server name, such as example.org"),
        ("server_name: ''", "\"\" is not a server name, such as example.org"),
        ("server_name: '[10.0.0.1]'", "\"[10.0.0.1]\" is not a server name, such as example.org"),
        ("server_name: 'example.org:123456'", "\"example.org:123456\" is not a server name, such as example.org"),
        ("public_base_url: matrix.example.org", "\"matrix.example.org\" is not a URL such as https://matrix.example.org"),
        ("public_base_url: 'https://a.org/?q'", "\"https://a.org/?q\" is not a URL such as https://matrix.example.org"),
        ("listeners: []", "at least one listener is needed"),
        ("listeners: [{ bind: [] }]", "at least one address is needed"),
        ("listeners: [{ bind: [localhost] }]", "\"localhost\" is not an IP address"),
        ("listeners: [{ resources: [] }]", "at least one resource is needed"),
        ("listeners: [{ port: -1 }]", "-1 is not a port"),
        ("listeners: [{ tls: { certificate: c.pem } }]", "a private key's path is needed"),
        ("listeners: [{ tls: { private_key: k.pem } }]", "a certificate's path is needed"),
        ("listeners: [{ bind: ['::1'] }, { bind: ['0:0::1'] }]", "0:0::1 has port 8008 more than once"),
        ("registration: { token: 'a b' }", "expected 1 to 64 characters out of A-Z, a-z, 0-9, '.', '_', '~' and '-'"),
        ("registration: { shared_secret: '' }", "an empty secret protects nothing"),
        ("rooms: { default_version: '99' }", "unknown room version \"99\", expected one of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"),
        ("support: { contacts: [{ role: m.role.admin }] }", "an email_address or a matrix_id is needed"),
        ("support: { contacts: [{ matrix_id: admin }] }", "\"admin\" is not a user ID such as @admin:example.org"),
        ("support: { contacts: [{ email_address: admin }] }", "\"admin\" is not an email address"),
        ("rooms: { max_event_delay: 0 }", "expected 1 to 31536000 seconds"),
        ("limits: { devices: 0 }", "expected 1 to 1000"),
        ("server_notices: { user: 'a b' }", "\"a b\" is not the local part of a user ID, such as notices"),
        ("server_notices: { user: Notices }", "\"Notices\" is not the local part of a user ID, such as notices"),
        (
            "public_base_url: https://a.org\nemail: { host: a.org, sender: a@a.org, notification_delay: 86401 }",
            "expected 0 to 86400 seconds"
        ),
        ("store: { block_cache: 1KiB }", "at least 1MiB is needed"),
    ])
    func valuesWithoutMeaning(text: String, message: String) {
        let found = messages(text)
        #expect(found.count == 1)
        #expect(found.first?.hasSuffix(": \(message)") == true, "\(found)")
    }

    @Test(arguments: ["example.org", "localhost:8448", "1.2.3.4", "1.2.3.4:1234", "[1234:5678::abcd]", "[1234:5678::abcd]:5678"])
    func serverNamesOfTheSpecification(name: String) throws {
        #expect(try load("server_name: '\(name)'").serverName == name)
    }
}

/// The lines of the error that this configuration gives.
private func messages(_ text: String, environment: [String: String] = [:], flags: [ConfigurationFlag] = []) -> [String] {
    do throws(ConfigurationError) {
        _ = try load(text, environment: environment, flags: flags)
        return []
    } catch {
        return error.problems.map(\.description)
    }
}
