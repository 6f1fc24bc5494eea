import CanonicalJSON
import Testing

/// `GET /events` and the initial syncs.
@Suite(.fewAtATime) struct EventStreamTests {
    @Test func theStreamGoesOnFromAnInitialSync() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let event = try await alice.send("before", to: room)
        let initial = try await bob.get("initialSync", query: [("limit", "1")]).ok()
        let told = try #require(initial["rooms"]?.arrayValue?.first)
        #expect(told["room_id"]?.stringValue == room)
        #expect(told["messages", "chunk"]?.arrayValue?.messageBodies == ["before"])
        let end = try #require(initial["end"]?.stringValue)
        async let waiting = bob.get("events", query: [("from", end), ("timeout", "60000")])
        try await alice.send("after", to: room)
        let answer = try await waiting.ok()
        #expect(answer["chunk"]?.arrayValue?.messageBodies == ["after"])
        // What passes by is told of as well.
        try await alice.post("rooms", room, "receipt", "m.read", event).ok()
        let later = try await bob.get("events", query: [("from", answer["end"]?.stringValue ?? ""), ("timeout", "60000")]).ok()
        let receipt = later["chunk"]?.arrayValue?.first { $0["type"] == "m.receipt" }
        #expect(receipt?["room_id"]?.stringValue == room)
        #expect(receipt?["content", event, "m.read", alice.userID] != nil)
        #expect(try await bob.get("initialSync").ok()["receipts"]?.arrayValue?.compactMap { $0["room_id"]?.stringValue } == [room])
        #expect(try await bob.get("events", event).ok()["content", "body"] == "before")
    }

    @Test func aWorldReadableRoomIsPeekedInto() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        try await bob.get("rooms", room, "initialSync").fails(403, "M_FORBIDDEN")
        try await bob.get("events", query: [("room_id", room), ("timeout", "0")]).fails(403, "M_FORBIDDEN")
        try await alice.setState("m.room.history_visibility", in: room, to: ["history_visibility": "world_readable"])
        let initial = try await bob.get("rooms", room, "initialSync").ok()
        let end = try #require(initial["messages", "end"]?.stringValue)
        let event = try await alice.send("hello", to: room)
        let answer = try await bob.get("events", query: [("room_id", room), ("from", end), ("timeout", "60000")]).ok()
        #expect(answer["chunk"]?.arrayValue?.messageBodies == ["hello"])
        // Every way to read the room is open.
        for path in [
            ["state"], ["members"], ["messages"], ["event", event], ["context", event], ["state", "m.room.create"], ["aliases"],
        ] {
            let target = MatrixTestClient.clientAPI + "/rooms/\(MatrixTestClient.encoded(room))/" + path.joined(separator: "/")
            try await bob.request("GET", target, query: path == ["messages"] ? [("dir", "b")] : []).ok()
        }
    }

    @Test func wrongRequestsAreRefused() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        try await alice.get("events", query: [("from", "nonsense"), ("timeout", "0")]).fails(400, "M_INVALID_PARAM")
        try await alice.get("events", query: [("timeout", "soon")]).fails(400, "M_INVALID_PARAM")
        try await alice.get("events", query: [("room_id", "nonsense"), ("timeout", "0")]).fails(400, "M_INVALID_PARAM")
        try await alice.get("events", "$none").fails(404, "M_NOT_FOUND")
        try await alice.get("initialSync", query: [("limit", "many")]).fails(400, "M_INVALID_PARAM")
        try await alice.get("rooms", room, "initialSync", query: [("limit", "-1")]).fails(400, "M_INVALID_PARAM")
        try await anybody().get("initialSync").fails(401, "M_MISSING_TOKEN")
    }
}
