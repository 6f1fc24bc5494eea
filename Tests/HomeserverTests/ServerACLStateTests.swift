import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// Access control lists and moderation policies as state of a room.
@Suite struct ServerACLStateTests {
    @Test func aListThatBarsTheOwnServerIsRefused() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        for content in [[:], ["allow": ["elsewhere.example"]], ["allow": ["*"], "deny": ["*.org"]]] as [JSONObject] {
            await expect(.unknown, 400) { try await fixture.set("m.room.server_acl", content, in: room, by: fixture.alice) }
            await expect(.unknown, 400) {
                try await fixture.room { $0.initialState = [(StateKey("m.room.server_acl"), content)] }
            }
        }
        let content: JSONObject = ["allow": ["*"], "deny": ["evil.example"], "allow_ip_literals": false]
        try await fixture.set("m.room.server_acl", content, in: room, by: fixture.alice)
        #expect(try fixture.content("m.room.server_acl", of: room, for: fixture.alice) == .object(content))
        // With a state key it is no access control list.
        try await fixture.set("m.room.server_acl", "other", [:], in: room, by: fixture.alice)
    }

    /// Policies are state like other state: what they say is for those who read them.
    @Test(arguments: ["m.policy.rule.user", "m.policy.rule.room", "m.policy.rule.server", "m.room.policy"])
    func policiesAreSetReadAndRedacted(_ type: String) async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        let content: JSONObject = ["entity": "@spam*:*", "recommendation": "m.ban", "reason": "spam", "via": "example.org"]
        let key = type == "m.room.policy" ? "" : "rule:spam"
        let event = try await fixture.set(type, key, content, in: room, by: fixture.alice)
        #expect(try fixture.content(type, key, of: room, for: fixture.bob) == .object(content))
        await expect(.forbidden, 403) { try await fixture.set(type, key, [:], in: room, by: fixture.bob) }
        _ = try await fixture.rooms.redact(event, content: [:], in: room, transactionID: "1", by: fixture.alice)
        #expect(try fixture.content(type, key, of: room, for: fixture.bob) == [:])
    }
}
