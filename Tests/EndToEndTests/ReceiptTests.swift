import CanonicalJSON
import Testing

/// "Receipts" and "Read and unread markers": `/receipt`, `/read_markers`.
@Suite(.fewAtATime) struct ReceiptTests {
    @Test func receiptsReachOthers() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let event = try await alice.send("hello", to: room)
        let since = try await alice.sync().nextBatch
        async let woken = alice.sync(since: since) { !$0.ephemeral(room).isEmpty }
        // A body isn't needed.
        #expect(
            try await bob.request(
                "POST", "/_matrix/client/v3/rooms/\(MatrixTestClient.encoded(room))/receipt/m.read/\(MatrixTestClient.encoded(event))"
            ).ok() == [:])
        let receipt = try await woken.ephemeral(room)["m.receipt"]?[event, "m.read", bob.userID]
        #expect(receipt?["ts"]?.integerValue ?? 0 > 0)
        #expect(try await bob.post("rooms", room, "receipt", "m.read", event, body: ["thread_id": "main"]).ok() == [:])

        try await bob.post("rooms", room, "receipt", "m.unread", event).fails(400, "M_INVALID_PARAM")
        try await bob.post("rooms", room, "receipt", "m.read", "nothing").fails(400, "M_INVALID_PARAM")
        #expect(try await bob.post("rooms", room, "receipt", "m.read", "$nothing").ok() == [:])
        try await bob.post("rooms", room, "receipt", "m.fully_read", "$nothing").fails(404, "M_NOT_FOUND")
        try await bob.post("rooms", room, "receipt", "m.read", event, body: ["thread_id": ""]).fails(400, "M_INVALID_PARAM")
        try await bob.post("rooms", room, "receipt", "m.fully_read", event, body: ["thread_id": "main"]).fails(400, "M_INVALID_PARAM")
        try await newUser("carol").post("rooms", room, "receipt", "m.read", event).fails(403, "M_FORBIDDEN")
        try await anybody().post("rooms", room, "receipt", "m.read", event).fails(401, "M_MISSING_TOKEN")
    }

    @Test func readMarkers() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let event = try await alice.send("hello", to: room)
        let since = try await alice.sync().nextBatch
        let body: JSONValue = ["m.fully_read": .string(event), "m.read": .string(event), "m.read.private": .string(event)]
        #expect(try await alice.post("rooms", room, "read_markers", body: body).ok() == [:])
        let answer = try await alice.sync(since: since)
        let content = answer.ephemeral(room)["m.receipt"]
        #expect(content?[event, "m.read", alice.userID] != nil && content?[event, "m.read.private", alice.userID] != nil)
        let marker: JSONValue = ["type": "m.fully_read", "content": ["event_id": .string(event)]]
        #expect(answer.joined(room)?["account_data", "events"] == [marker])
        #expect(try await alice.get("user", alice.userID, "rooms", room, "account_data", "m.fully_read").ok() == marker["content"])
        try await alice.put("user", alice.userID, "rooms", room, "account_data", "m.fully_read", body: ["event_id": .string(event)])
            .fails(405, "M_BAD_JSON")

        try await alice.post("rooms", room, "read_markers", body: ["m.read": 1]).fails(400, "M_BAD_JSON")
        try await alice.post("rooms", room, "read_markers", body: ["m.fully_read": "$nothing"]).fails(404, "M_NOT_FOUND")
        try await newUser("carol").post("rooms", room, "read_markers", body: body).fails(403, "M_FORBIDDEN")
    }
}
