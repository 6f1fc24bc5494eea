import MatrixProtocol
import Testing

/// The grammars of identifiers (appendices, "Identifier Grammar").
struct IdentifierTests {
    @Test(arguments: [
        "matrix.org", "matrix.org:8888", "1.2.3.4", "1.2.3.4:1234", "[1234:5678::abcd]", "[1234:5678::abcd]:5678", "[::]", "[::1]",
        "[1::]", "[1:2:3:4:5:6:7:8]", "[::ffff:1.2.3.4]", "localhost", "A-b.C", "x:0",
    ])
    func serverNames(_ name: String) {
        #expect(ServerName(name) != nil)
    }

    @Test(arguments: [
        "", ":", "a:", "a:b", "a:123456", "a:1:2", "a_b", "a b", "höst", "[]", "[::1", "::1", "[:1]", "[1:]", "[1:::2]", "[1::2::3]",
        "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[12345::]", "[::1.2.3]", "[::1.2.3.256]", "[::1.2.3.-0]", "[g::]", "[::1]x", "[::1]:",
        "a/b", String(repeating: "a", count: 256),
    ])
    func invalidServerNames(_ name: String) {
        #expect(ServerName(name) == nil)
    }

    @Test func serverNameParts() throws {
        let ipv6 = try #require(ServerName("[1234:5678::abcd]:5678"))
        #expect(ipv6.host == "1234:5678::abcd" && ipv6.port == 5678)
        let plain = try #require(ServerName("matrix.org"))
        #expect(plain.host == "matrix.org" && plain.port == nil)
        #expect(ServerName("matrix.org:99999")?.port == nil)
        #expect(try #require(ServerName("EXAMPLE.org")) != #require(ServerName("example.org")))
    }

    @Test func userIDParts() throws {
        let user = try #require(UserID("@alice:example.org:8448"))
        #expect(user.localpart == "alice" && user.serverName.string == "example.org:8448")
        #expect(user.isOn(ServerName(trusted: "example.org:8448")) && !user.isOn(ServerName(trusted: "example.org")))
        #expect(UserID(localpart: "alice", serverName: ServerName(trusted: "example.org:8448")) == user)
        #expect(UserID(localpart: "a:b", serverName: ServerName(trusted: "example.org")) == nil)
    }

    @Test(arguments: ["@alice:example.org", "@a.b_c=d-e/f+0:[::1]:80", "@1:x"])
    func usersForRegistration(_ id: String) throws {
        let user = try #require(UserID(id))
        #expect(user.isValidForRegistration && user.isCompliant)
    }

    /// Historical user IDs are valid in events, but not for new users.
    @Test(arguments: ["@:example.org", "@Alice:example.org", "@a b:example.org", "@日本語:example.org", "@a\u{1}:example.org", "@@!#:x"])
    func historicalUserIDs(_ id: String) throws {
        #expect(try #require(UserID(id)).isValidForRegistration == false)
    }

    @Test(arguments: [
        "", "@", "alice:example.org", "@alice", "@alice:", "@alice:example.org:port", "@a\u{0}:example.org", "#alice:example.org",
        "@alice:exa mple", "@" + String(repeating: "a", count: 250) + ":x.org",
    ])
    func invalidUserIDs(_ id: String) {
        #expect(UserID(id) == nil)
    }

    @Test func compliance() throws {
        #expect(try #require(UserID("@Alice!:example.org")).isCompliant)
        for id in ["@:example.org", "@a b:example.org", "@é:example.org"] {
            #expect(try #require(UserID(id)).isCompliant == false)
        }
    }

    @Test func lengthLimit() {
        let longest = "@" + String(repeating: "a", count: 248) + ":x.org"
        #expect(longest.utf8.count == 255)
        #expect(UserID(longest) != nil && UserID("@a" + longest.dropFirst()) == nil)
        // Room versions before 11 count code points in places.
        #expect(UserID("@" + String(repeating: "é", count: 248) + ":x.org") != nil)
        #expect(RoomAlias("#" + String(repeating: "é", count: 248) + ":x.org") == nil)
    }

    @Test func roomIDs() throws {
        let domainless = try #require(RoomID("!Nhcu5BS-UMnFX7hBVfVSoXiD7OgH6iRT-xyIuqDnpYQ"))
        #expect(domainless.serverName == nil)
        #expect(domainless.createEventID.string == "$Nhcu5BS-UMnFX7hBVfVSoXiD7OgH6iRT-xyIuqDnpYQ")
        #expect(RoomID(createEvent: domainless.createEventID) == domainless)
        #expect(RoomID("!room:example.org")?.serverName?.string == "example.org")
        for invalid in ["", "!", "room:example.org", "!room:", "!room:a b", "!r\u{0}:x"] { #expect(RoomID(invalid) == nil) }
    }

    @Test func eventIDs() {
        #expect(EventID("$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg") != nil)
        #expect(EventID("$old:example.org") != nil)
        for invalid in ["", "$", "abc", "!abc", "$" + String(repeating: "a", count: 255)] { #expect(EventID(invalid) == nil) }
    }

    @Test func roomAliases() throws {
        let alias = try #require(RoomAlias("#somewhere über:example.org"))
        #expect(alias.localpart == "somewhere über" && alias.serverName.string == "example.org")
        #expect(RoomAlias(localpart: "x", serverName: ServerName(trusted: "y"))?.string == "#x:y")
        for invalid in ["#x", "x:y", "#x:", "#x:y:z", "#x\u{0}:y"] { #expect(RoomAlias(invalid) == nil) }
    }

    /// Identity is by bytes: canonically equivalent strings are different identifiers.
    @Test func equalityByBytes() {
        let composed = UserID(trusted: "@\u{e9}:x")
        let decomposed = UserID(trusted: "@e\u{301}:x")
        #expect(composed.string == decomposed.string)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(StateKey("t", composed.string) != StateKey("t", decomposed.string))
        // By code points U+FF5E comes before U+1F600, in UTF-16 it would come after.
        #expect(UserID(trusted: "@\u{ff5e}:x") < UserID(trusted: "@\u{1f600}:x"))
        #expect(UserID(trusted: "@a:x") < UserID(trusted: "@a:xy"))
        #expect(StateKey("a", "z") < StateKey("b", "a") && StateKey("a", "a") < StateKey("a", "b"))
    }
}
