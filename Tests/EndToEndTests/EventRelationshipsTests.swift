import CanonicalJSON
import Testing

/// The tree that `m.relationship` makes of events (MSC2836).
@Suite(.fewAtATime) struct EventRelationshipsTests {
    private static let api = "/_matrix/client/unstable"

    @Test func walkingATree() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        var chain = [try await alice.send("0", to: room)]
        for number in 1..<4 {
            let answer = try await bob.put(
                "rooms", room, "send", "m.room.message", unique("transaction"),
                body: [
                    "msgtype": "m.text", "body": .string("\(number)"),
                    "m.relationship": ["rel_type": "m.reference", "event_id": .string(chain[number - 1])],
                ])
            chain.append(try #require(answer.ok()["event_id"]?.stringValue))
        }
        func walk(_ body: JSONObject) async throws -> JSONValue {
            try await alice.post("event_relationships", body: .object(body), api: Self.api).ok()
        }
        let down = try await walk(["event_id": .string(chain[0]), "room_id": .string(room), "max_depth": -1, "max_breadth": -1])
        #expect(down["events"]?.arrayValue?.eventIDs == chain)
        #expect(down["limited"] == false)
        #expect(down["events"]?.arrayValue?.first?["unsigned", "children"] == ["m.reference": 1])
        let up = try await walk(["event_id": .string(chain[3]), "direction": "up", "limit": 2])
        #expect(up["events"]?.arrayValue?.eventIDs == [chain[3], chain[2]])
        let next = try #require(up["next_batch"])
        let rest = try await walk(["event_id": .string(chain[3]), "direction": "up", "limit": 2, "batch": next])
        #expect(rest["events"]?.arrayValue?.eventIDs == [chain[1], chain[0]])
    }

    @Test func malformedRequestsAreRefused() async throws {
        let alice = try await newUser("alice")
        func walk(_ body: JSONValue) async throws -> Response { try await alice.post("event_relationships", body: body, api: Self.api) }
        try await walk([:]).fails(400, "M_MISSING_PARAM")
        try await walk(["event_id": "$unknown"]).fails(404, "M_NOT_FOUND")
        for (name, value) in [
            ("event_id", "nothing"), ("max_depth", "1"), ("limit", 0), ("direction", "sideways"), ("depth_first", 1),
            ("room_id", "nothing"),
        ] as [(String, JSONValue)] {
            var body: JSONObject = ["event_id": "$unknown"]
            body[name] = value
            try await walk(.object(body)).fails(400, "M_BAD_JSON")
        }
        try await walk(["event_id": "$unknown", "batch": "nothing"]).fails(400, "M_INVALID_PARAM")
        try await anybody().post("event_relationships", api: Self.api).fails(401, "M_MISSING_TOKEN")
    }
}
