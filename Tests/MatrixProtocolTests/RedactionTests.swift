import CanonicalJSON
import MatrixProtocol
import Testing

/// What is left after redaction, by each room version's lists ("Redactions").
struct RedactionTests {
    private static let keptByAll = [
        "auth_events", "content", "depth", "event_id", "hashes", "origin_server_ts", "prev_events", "room_id", "sender", "signatures",
        "state_key", "type",
    ]

    private static let before11 = ["membership", "origin", "prev_state"]

    @Test(arguments: [
        (RoomVersion.v1, keptByAll + before11), (.v6, keptByAll + before11), (.v10, keptByAll + before11), (.v11, keptByAll),
        (.v12, keptByAll),
    ])
    func topLevel(version: RoomVersion, kept: [String]) {
        var event = JSONObject()
        for name in Self.keptByAll + ["membership", "origin", "prev_state", "unsigned", "redacts", "age", "extra"] { event[name] = 1 }
        event["type"] = "x"
        event["content"] = ["a": 1]
        let redacted = Redaction.redact(event, version: version)
        #expect(redacted.keys == kept.sorted())
        #expect(redacted["content"] == [:])
    }

    /// The names that are kept of a content with every name that any version keeps.
    private static let levels = ["ban", "events", "events_default", "kick", "redact", "state_default", "users", "users_default"]

    @Test(arguments: [
        (RoomVersion.v1, "m.room.member", ["membership"]),
        (.v8, "m.room.member", ["membership"]),
        (.v9, "m.room.member", ["join_authorised_via_users_server", "membership"]),
        (.v10, "m.room.member", ["join_authorised_via_users_server", "membership"]),
        (.v11, "m.room.member", ["join_authorised_via_users_server", "membership"]),
        (.v12, "m.room.member", ["join_authorised_via_users_server", "membership"]),
        (.v1, "m.room.create", ["creator"]),
        (.v10, "m.room.create", ["creator"]),
        (.v7, "m.room.join_rules", ["join_rule"]),
        (.v8, "m.room.join_rules", ["allow", "join_rule"]),
        (.v10, "m.room.join_rules", ["allow", "join_rule"]),
        (.v11, "m.room.join_rules", ["allow", "join_rule"]),
        (.v1, "m.room.power_levels", levels),
        (.v10, "m.room.power_levels", levels),
        (.v11, "m.room.power_levels", (levels + ["invite"]).sorted()),
        (.v12, "m.room.power_levels", (levels + ["invite"]).sorted()),
        (.v10, "m.room.history_visibility", ["history_visibility"]),
        (.v11, "m.room.history_visibility", ["history_visibility"]),
        (.v10, "m.room.redaction", []),
        (.v11, "m.room.redaction", ["redacts"]),
        (.v12, "m.room.redaction", ["redacts"]),
        (.v5, "m.room.aliases", ["aliases"]),
        (.v6, "m.room.aliases", []),
        (.v10, "m.room.aliases", []),
        (.v11, "m.room.message", []),
        (.v12, "m.room.topic", []),
    ])
    func content(version: RoomVersion, type: String, kept: [String]) {
        var content = JSONObject()
        let names = [
            "membership", "join_authorised_via_users_server", "third_party_invite", "creator", "room_version", "join_rule", "allow",
            "history_visibility", "redacts", "invite", "notifications", "aliases", "body", "topic",
        ]
        for name in names + Self.levels { content[name] = 1 }
        #expect(Redaction.redactContent(content, type: type, version: version).keys == kept)
    }

    @Test func createKeepsEverythingFromVersion11() {
        let content: JSONObject = ["anything": 1, "room_version": "11"]
        #expect(Redaction.redactContent(content, type: "m.room.create", version: .v11) == content)
        #expect(Redaction.redactContent(content, type: "m.room.create", version: .v12) == content)
    }

    @Test func thirdPartyInviteKeepsSigned() {
        let content: JSONObject = ["membership": "invite", "third_party_invite": ["display_name": "b", "signed": ["token": "t"]]]
        #expect(
            Redaction.redactContent(content, type: "m.room.member", version: .v11)
                == ["membership": "invite", "third_party_invite": ["signed": ["token": "t"]]])
        #expect(Redaction.redactContent(content, type: "m.room.member", version: .v10) == ["membership": "invite"])
    }

    /// "Handling redactions": enough power, or the same server.
    @Test func applies() throws {
        let room = try TestRoom(version: .v11, powerLevels: ["users": ["@mod:example.org": 50]])
        let levels = room.powerLevels
        func message(_ sender: String) throws -> Event { try room.event("m.room.message", [:], sender: sender) }
        let target = try message("@bob:example.org")
        #expect(Redaction.applies(try message("@carol:example.org"), to: target, powerLevels: levels, version: .v11))
        #expect(!Redaction.applies(try message("@carol:other.org"), to: target, powerLevels: levels, version: .v11))
        #expect(Redaction.applies(try message("@mod:example.org"), to: try message("@carol:other.org"), powerLevels: levels, version: .v11))
    }

    /// In versions 1 and 2 whoever gets a redaction into the room may redact.
    @Test func appliesWhereItIsAuthorized() throws {
        let room = try TestRoom(version: .v1)
        let target = try room.event("m.room.message", [:], sender: "@bob:example.org")
        let redaction = try room.event("m.room.redaction", [:], sender: "@carol:other.org")
        #expect(Redaction.applies(redaction, to: target, powerLevels: room.powerLevels, version: .v1))
        #expect(!Redaction.applies(redaction, to: target, powerLevels: room.powerLevels, version: .v3))
    }
}
