import CanonicalJSON
import MatrixProtocol
import Testing

/// The algorithm of `m.room.server_acl`, rule by rule.
@Suite struct ServerACLTests {
    private func allows(_ server: String, _ content: JSONObject) throws -> Bool {
        ServerACL(content).allows(try #require(ServerName(server)))
    }

    /// The example of the event's schema.
    private let example: JSONObject = ["allow_ip_literals": false, "allow": ["*"], "deny": ["*.evil.com", "evil.com"]]

    @Test(arguments: ["example.org", "notevil.com", "evil.com.example.org", "xn--bcher-kva.example:8448"])
    func theExampleAllows(_ server: String) throws {
        #expect(try allows(server, example))
    }

    @Test(arguments: [
        "evil.com", "a.evil.com", "A.B.EVIL.com:8448", "evil.com:1", "1.2.3.4", "1.2.3.4:8448", "[::1]", "[2001:db8::1]:8448",
    ])
    func theExampleDenies(_ server: String) throws {
        #expect(try !allows(server, example))
    }

    /// Step 2.
    @Test(arguments: ["1.2.3.4", "1.2.3.4:80", "[::1]", "[::1]:80"])
    func literalsAreDeniedOnlyByFalse(_ server: String) throws {
        #expect(try !allows(server, ["allow": ["*"], "allow_ip_literals": false]))
        #expect(try allows(server, ["allow": ["*"], "allow_ip_literals": true]))
        #expect(try allows(server, ["allow": ["*"]]))
        #expect(try allows(server, ["allow": ["*"], "allow_ip_literals": "false"]))
    }

    @Test(arguments: ["1.2.3", "1.2.3.256", "1.2.3.4.5", "a.2.3.4", "1234"])
    func whatOnlyLooksLikeAnAddressIsAName(_ server: String) throws {
        #expect(try allows(server, ["allow": ["*"], "allow_ip_literals": false]))
    }

    /// Steps 3 and 4: what denies comes first.
    @Test func denyingWins() throws {
        #expect(try !allows("example.org", ["allow": ["example.org"], "deny": ["example.*"]]))
        #expect(try allows("example.org", ["allow": ["example.org"], "deny": ["example.com"]]))
    }

    /// Step 5.
    @Test(arguments: [[:], ["allow": []], ["deny": []], ["allow": "*"], ["allow": [1, ["*": "*"]]]] as [JSONObject])
    func whatNobodyAllowsIsDenied(_ content: JSONObject) throws {
        #expect(try !allows("example.org", content))
    }

    /// Ports are neither in the names nor in the patterns.
    @Test func portsDoNotMatter() throws {
        #expect(try allows("example.org:8448", ["allow": ["example.org"]]))
        #expect(try !allows("example.org:8448", ["allow": ["example.org:8448"]]))
        #expect(try allows("[::1]:8448", ["allow": ["[::1]"]]))
    }

    @Test(arguments: [
        ("*", ""), ("*", "anything"), ("**", "x"), ("a?c", "abc"), ("a?c", "aüc"), ("?", "ü"), ("*.org", "example.org"), ("A*C", "abbbc"),
        ("a*b*c", "aXbXbXc"), ("*aab", "aaaaab"), ("", ""),
    ])
    func globsFit(_ pattern: String, _ text: String) {
        #expect(Glob(pattern).matches(text))
    }

    @Test(arguments: [
        ("", "x"), ("a?c", "ac"), ("a?c", "abbc"), ("*.org", "example.orgs"), ("a*b", "ba"), ("[ab]", "a"), ("a.c", "abc"), ("?", ""),
        ("*aab", "aaaaa"),
    ])
    func globsDoNotFit(_ pattern: String, _ text: String) {
        #expect(!Glob(pattern).matches(text))
    }
}
