import CanonicalJSON
import TestSupport
import Testing

/// Simplified sliding sync (MSC4186), as clients see it.
@Suite(.fewAtATime) struct SlidingSyncTests {
    private static let api = "/_matrix/client/unstable/org.matrix.simplified_msc3575"

    private func sync(
        _ client: MatrixTestClient, pos: String? = nil, timeout: Int = 0, _ body: JSONValue
    ) async throws -> JSONValue {
        var query = [("timeout", "\(timeout)")]
        if let pos { query.append(("pos", pos)) }
        return try await client.post("sync", query: query, body: body, api: Self.api).ok()
    }

    @Test func aClientFollowsItsRooms() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let versions = try await alice.get("versions", api: "/_matrix/client").ok()
        #expect(versions["unstable_features", "org.matrix.simplified_msc3575"] == true)
        let room = try await alice.createRoom(with: bob)
        try await alice.send("first", to: room)
        let body: JSONValue = [
            "conn_id": "rooms", "txn_id": "t", "unknown": [1],
            "lists": [
                "all": [
                    "ranges": [[0, 19]], "timeline_limit": 1, "required_state": [["m.room.create", ""], ["m.room.member", "$LAZY"]],
                    "filters": ["not_room_types": ["m.space"], "is_invite": .null, "org.example": 1],
                ]
            ],
            "extensions": [
                "to_device": ["enabled": true], "e2ee": ["enabled": true], "account_data": ["enabled": true],
                "org.example": ["enabled": true],
            ],
        ]
        let first = try await sync(bob, body)
        #expect(first["txn_id"] == "t" && first["lists", "all", "count"] == 1)
        #expect(first["rooms", room, "timeline"]?.arrayValue?.messageBodies == ["first"])
        #expect(Set(first["rooms", room, "required_state"]?.arrayValue?.types ?? []) == ["m.room.create", "m.room.member"])
        #expect(first["extensions", "to_device", "next_batch"]?.stringValue?.isEmpty == false)
        #expect(first["extensions", "e2ee", "device_one_time_keys_count", "signed_curve25519"] == 0)
        let position = try #require(first["pos"]?.stringValue)

        // It waits until something happens.
        async let waiting = sync(bob, pos: position, timeout: 30_000, body)
        try await Task.sleep(for: .milliseconds(100))
        try await alice.send("second", to: room)
        let second = try await waiting
        #expect(second["rooms", room, "timeline"]?.arrayValue?.messageBodies == ["second"])
        #expect(second["rooms", room, "num_live"] == 1)

        // A list that grows is told of at once, whatever the time to wait.
        let other = try await bob.createRoom()
        let grown = try await sync(bob, pos: try #require(second["pos"]?.stringValue), timeout: 30_000, body)
        #expect(grown["rooms", other, "initial"] == true)
        let previous = try #require(first["rooms", room, "prev_batch"]?.stringValue)
        #expect(try await bob.messages(in: room, from: previous).chunk.types.first == "m.room.member")
    }

    @Test func whatIsNotARequestIsRefused() async throws {
        let alice = try await newUser("alice")
        func refused(_ body: JSONValue, _ code: String) async throws {
            try await alice.post("sync", body: body, api: Self.api).fails(400, code)
        }
        func list(_ change: JSONObject) -> JSONValue {
            var list: JSONObject = ["ranges": [[0, 1]], "timeline_limit": 1]
            for (name, value) in change { list[name] = value }
            return ["lists": ["all": .object(list)]]
        }
        try await alice.post("sync", query: [("pos", "nonsense")], api: Self.api).fails(400, "M_UNKNOWN_POS")
        try await refused(["pos": "nonsense"], "M_UNKNOWN_POS")
        try await refused(["lists": [:], "timeout": -1], "M_BAD_JSON")
        try await refused(["lists": []], "M_BAD_JSON")
        try await refused(["lists": ["all": ["ranges": [[0, 1]]]]], "M_MISSING_PARAM")
        try await refused(["lists": .object([String(repeating: "a", count: 65): ["timeline_limit": 1]])], "M_INVALID_PARAM")
        let lists = (0...100).reduce(into: JSONObject()) { $0["\($1)"] = ["timeline_limit": 1] }
        try await refused(["lists": .object(lists)], "M_INVALID_PARAM")
        for ranges in [[[-1, 1]], [[2, 1]], [[1]], [1], 1] as [JSONValue] { try await refused(list(["ranges": ranges]), "M_BAD_JSON") }
        for limit in [-1, 1001, "1"] as [JSONValue] { try await refused(list(["timeline_limit": limit]), "M_BAD_JSON") }
        for state in [[["a"]], [1], ["a"]] as [JSONValue] { try await refused(list(["required_state": state]), "M_BAD_JSON") }
        try await refused(list(["ranges": .array(Array(repeating: [0, 1], count: 21))]), "M_INVALID_PARAM")
        let many: JSONValue = ["timeline_limit": 1, "ranges": .array(Array(repeating: [0, 1], count: 20))]
        try await refused(["lists": ["a": many, "b": many, "c": many, "d": many, "e": many, "f": many]], "M_INVALID_PARAM")
        try await refused(list(["required_state": .array(Array(repeating: ["a", "b"], count: 1001))]), "M_INVALID_PARAM")
        try await refused(list(["filters": ["is_dm": 1]]), "M_BAD_JSON")
        try await refused(list(["filters": ["room_types": [1]]]), "M_BAD_JSON")
        let rooms = (0...1000).reduce(into: JSONObject()) { $0["!\($1):example.org"] = ["timeline_limit": 1] }
        try await refused(["room_subscriptions": .object(rooms)], "M_INVALID_PARAM")
        try await refused(["room_subscriptions": ["!a:example.org": [:]]], "M_MISSING_PARAM")
        try await refused(["conn_id": .string(String(repeating: "a", count: 256))], "M_INVALID_PARAM")
        try await refused(["extensions": ["e2ee": ["enabled": 1]]], "M_BAD_JSON")
        try await refused(["extensions": ["to_device": ["enabled": true, "since": "x"]]], "M_INVALID_PARAM")
        try await refused(["extensions": ["io.element.msc4308.thread_subscriptions": ["enabled": true, "limit": 0]]], "M_BAD_JSON")
        try await alice.with(accessToken: nil).post("sync", api: Self.api).fails(401, "M_MISSING_TOKEN")
    }
}
