import CanonicalJSON
import Testing

/// "Sending events to a room": `/send`, and `/event` to read one back.
@Suite(.fewAtATime) struct SendTests {
    static let versions = ["10", "11", "12"]

    private func event(_ client: MatrixTestClient, _ room: String, _ id: String) async throws -> JSONValue {
        try await client.get("rooms", room, "event", id).ok()
    }

    @Test(arguments: versions)
    func whatWasSentIsThere(_ version: String) async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob, version: version)
        let content: JSONValue = [
            "msgtype": "m.text", "body": "Tea? 🫖 é e\u{301} \" \\ \u{0} \u{1f}",
            "zzz": [1, -1, 9_007_199_254_740_991, true, .null, [:], []],
            "nested": ["b": ["a": ""], "": "empty key"],
        ]
        let answer = try await alice.put("rooms", room, "send", "m.room.message", "1", body: content).ok()
        let id = try #require(answer["event_id"]?.stringValue)
        #expect(id.hasPrefix("$") && id.utf8.count == 44)
        let event = try await event(bob, room, id)
        #expect(event["content"] == content)
        #expect(event["type"] == "m.room.message")
        #expect(event["sender"]?.stringValue == alice.userID)
        #expect(event["room_id"]?.stringValue == room)
        #expect(event["event_id"]?.stringValue == id)
        #expect(try #require(event["origin_server_ts"]?.integerValue) > 1_577_836_800_000)
        #expect(try #require(event["unsigned", "age"]?.integerValue) >= 0)
        #expect(event["state_key"] == nil)
        // What concerns servers only stays out.
        for member in ["auth_events", "prev_events", "depth", "hashes", "signatures", "origin"] { #expect(event[member] == nil) }
    }

    @Test func theTransactionIDIsShownToTheDeviceThatSent() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let tablet = try await alice.logIn()
        let room = try await alice.createRoom(with: bob)
        let id = try await alice.send("hello", to: room)
        #expect(try await event(alice, room, id)["unsigned", "transaction_id"]?.stringValue?.hasPrefix("transaction") == true)
        #expect(try await event(tablet, room, id)["unsigned", "transaction_id"] == nil)
        #expect(try await event(bob, room, id)["unsigned", "transaction_id"] == nil)
    }

    @Test func aRepeatedTransactionReturnsTheFirstEvent() async throws {
        let alice = try await newUser("alice")
        let (room, otherRoom) = (try await alice.createRoom(), try await alice.createRoom())
        func send(_ client: MatrixTestClient, _ room: String, _ type: String, _ body: String) async throws -> String? {
            try await client.put("rooms", room, "send", type, "transaction", body: ["body": "\(body)"]).ok()["event_id"]?.stringValue
        }
        let first = try await send(alice, room, "org.example", "first")
        #expect(try await send(alice, room, "org.example", "first") == first)
        #expect(try await send(alice, room, "org.example", "another body") == first)
        // The ID is the device's own, for one room.
        let tablet = try await alice.logIn()
        let others = [try await send(alice, otherRoom, "org.example", "first"), try await send(tablet, room, "org.example", "first")]
        #expect(Set(others + [first]).count == 3)
        #expect(try await alice.messages(in: room).chunk.filter { $0["type"] == "org.example" }.count == 2)
    }

    @Test func repeatsSideBySideMakeOneEvent() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let ids = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    try await alice.put("rooms", room, "send", "m.room.message", "same", body: ["msgtype": "m.text", "body": "once"])
                        .ok()["event_id"]?.stringValue
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try await alice.messages(in: room).chunk.messageBodies == ["once"])
    }

    @Test func sendsSideBySideAreAllThere() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let sent = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<40 {
                group.addTask { try await (number % 2 == 0 ? alice : bob).send("message \(number)", to: room) }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(sent.count == 40)
        let messages = try await alice.messages(in: room).chunk.filter { $0["type"] == "m.room.message" }
        #expect(Set(messages.eventIDs) == sent && messages.count == 40)
    }

    @Test func onlyMembersSend() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        let message: JSONValue = ["msgtype": "m.text", "body": "let me in"]
        try await bob.put("rooms", room, "send", "m.room.message", "1", body: message).fails(403, "M_FORBIDDEN")
        try await alice.invite(bob, to: room)
        try await bob.put("rooms", room, "send", "m.room.message", "1", body: message).fails(403, "M_FORBIDDEN")
        try await bob.join(room)
        // A refused transaction may be tried again.
        try await bob.put("rooms", room, "send", "m.room.message", "1", body: message).ok()
        try await bob.put("rooms", "!unknown:localhost", "send", "m.room.message", "1", body: message).fails(403, "M_FORBIDDEN")
        try await bob.put("rooms", "no-room-id", "send", "m.room.message", "1", body: message).fails(400, "M_INVALID_PARAM")
    }

    @Test func levelsDecideWhoSendsWhat() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom([
            "preset": "public_chat", "power_level_content_override": ["events_default": 50, "events": ["org.example.open": 0]],
        ])
        try await bob.join(room)
        try await bob.put("rooms", room, "send", "m.room.message", "1", body: ["msgtype": "m.text", "body": "no"]).fails(403, "M_FORBIDDEN")
        try await bob.put("rooms", room, "send", "org.example.open", "1", body: [:]).ok()
        try await alice.send("yes", to: room)
    }

    @Test(
        arguments: [["number": 1.5], ["number": 1e3], ["number": 9_007_199_254_740_992], ["deep": [["number": -9_007_199_254_740_992]]]]
            as [JSONValue])
    func numbersOutsideCanonicalJSONAreRefused(_ content: JSONValue) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        try await alice.put("rooms", room, "send", "org.example", "1", body: content).fails(400, "M_BAD_JSON")
        try await alice.put("rooms", room, "state", "org.example", body: content).fails(400, "M_BAD_JSON")
    }

    @Test func nobodySendsACreateEvent() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        for response in [
            try await alice.put("rooms", room, "send", "m.room.create", "1", body: ["room_version": "12"]),
            try await alice.put("rooms", room, "state", "m.room.create", body: ["room_version": "12"]),
        ] {
            #expect([400, 403].contains(response.status))
            #expect(["M_FORBIDDEN", "M_BAD_JSON", "M_INVALID_PARAM", "M_UNKNOWN"].contains(response.body["errcode"]?.stringValue))
        }
    }

    @Test func eventsAreShownToThoseWhoMaySeeThem() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let (room, otherRoom) = (try await alice.createRoom(), try await alice.createRoom())
        let id = try await alice.send("private", to: room)
        try await bob.get("rooms", room, "event", id).fails(404, "M_NOT_FOUND")
        try await alice.get("rooms", otherRoom, "event", id).fails(404, "M_NOT_FOUND")
        try await alice.get("rooms", room, "event", "$unknown").fails(404, "M_NOT_FOUND")
        try await alice.get("rooms", "!unknown:localhost", "event", id).fails(404, "M_NOT_FOUND")
        // Someone who joins sees what was before, in a room with shared history.
        try await alice.invite(bob, to: room)
        try await bob.join(room)
        #expect(try await event(bob, room, id)["content", "body"] == "private")
        // Someone who has left sees what was, and nothing newer.
        try await bob.leave(room)
        #expect(try await event(bob, room, id)["content", "body"] == "private")
        let later = try await alice.send("later", to: room)
        try await bob.get("rooms", room, "event", later).fails(404, "M_NOT_FOUND")
    }
}
