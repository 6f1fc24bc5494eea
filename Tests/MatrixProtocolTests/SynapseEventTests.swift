import CanonicalJSON
import MatrixProtocol
import Testing

/// Events of every room version are hashed, named and redacted as Synapse does it.
struct SynapseEventTests {
    private static let types = [
        "m.room.create", "m.room.member", "m.room.power_levels", "m.room.join_rules", "m.room.aliases", "m.room.history_visibility",
        "m.room.redaction", "m.room.third_party_invite", "m.room.message", "org.example.odd",
    ]

    /// Contents with every name that any version keeps, and some that none does.
    private static let content: JSONObject = [
        "membership": "invite", "join_authorised_via_users_server": "@x:example.org", "displayname": "Zoë \"Z\" \u{1}",
        "third_party_invite": ["display_name": "d", "signed": ["mxid": "@a:b", "token": "t", "signatures": [:]]],
        "creator": "@alice:example.org", "room_version": "1", "predecessor": ["room_id": "!x:y"], "m.federate": true,
        "additional_creators": ["@b:c"], "join_rule": "restricted", "allow": [["type": "m.room_membership"]], "aliases": ["#a:b"],
        "history_visibility": "shared", "redacts": "$content", "body": "😀", "ban": 1, "events": ["a": 2], "events_default": 3,
        "invite": 4, "kick": 5, "redact": 6, "state_default": 7, "users": ["@b:c": 8], "users_default": 9, "notifications": ["room": 10],
        "public_key": "k", "": [],
    ]

    private func event(_ type: String, _ version: RoomVersion, isState: Bool, extra: Bool) throws -> JSONObject {
        let isNewRoom = version.roomIDIsCreateHash && type == "m.room.create"
        func references(_ ids: JSONValue...) -> JSONValue {
            guard !isNewRoom else { return [] }
            return .array(version.eventFormat.carriesEventID ? ids.map { [$0, ["sha256": "abc"]] } : ids)
        }
        var event: JSONObject = [
            "type": .string(type), "content": .object(Self.content), "sender": "@alice:example.org", "depth": 7,
            "origin_server_ts": 1_700_000_000_123, "prev_events": references("$a:example.org"),
            "auth_events": references("$a:example.org", "$b:example.org"), "hashes": ["sha256": "x"],
            "signatures": ["example.org": ["ed25519:1": "x"]],
        ]
        if version.jsonStrictness == .lenient, extra { event["content"] = ["ban": 1.5, "membership": 2.0, "creator": 1e20] }
        if !isNewRoom {
            event["room_id"] = version.roomIDIsCreateHash ? "!Nhcu5BS-UMnFX7hBVfVSoXiD7OgH6iRT-xyIuqDnpYQ" : "!r:example.org"
        }
        if version.eventFormat.carriesEventID { event["event_id"] = "$chosen:example.org" }
        if isState { event["state_key"] = "" }
        if extra {
            for name in ["origin", "membership", "redacts"] { event[name] = .string("$\(name)") }
            event["prev_state"] = []
            event["unknown"] = ["x": 1]
        }
        return event
    }

    @Test func everyVersion() throws {
        var requests: [(version: RoomVersion, event: JSONObject)] = []
        for version in RoomVersion.supported {
            for type in Self.types {
                for (isState, extra) in [(true, false), (false, true), (true, true)] where isState || type != "m.room.create" {
                    requests.append((version, try event(type, version, isState: isState, extra: extra)))
                }
            }
        }
        let answers = try Synapse.events(requests.map { ["version": .string($0.version.id), "event": .object($0.event)] })
        try #require(answers.count == requests.count)
        for ((version, object), answer) in zip(requests, answers) {
            let comment = Comment(rawValue: "version \(version): \(String(decoding: object.encoded(), as: UTF8.self))")
            let answer = try #require(answer.objectValue)
            let event = try Event(object, version: version)
            #expect(.string(event.id.string) == answer["id"], comment)
            #expect(.string(Base64.encode(try ContentHash.compute(object, version: version))) == answer["content_hash"], comment)
            #expect(.string(Base64.encode(try ReferenceHash.compute(object, version: version))) == answer["reference_hash"], comment)
            let redacted = try event.redacted(version: version)
            #expect(.string(String(decoding: redacted.bytes, as: UTF8.self)) == answer["redacted"], comment)
            #expect(redacted.id == event.id)
        }
    }
}
