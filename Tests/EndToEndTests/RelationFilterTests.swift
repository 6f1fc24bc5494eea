import CanonicalJSON
import Testing

/// Filters by relations (MSC3874).
@Suite(.fewAtATime) struct RelationFilterTests {
    @Test func threadsAloneAndEverythingElse() async throws {
        let alice = try await newUser("alice")
        #expect(try await anybody().get("versions", api: "/_matrix/client").ok()["unstable_features", "org.matrix.msc3874"] == true)
        let room = try await alice.createRoom()
        let root = try await alice.send("root", to: room)
        let since = try await alice.sync().nextBatch
        try await alice.put(
            "rooms", room, "send", "m.room.message", unique("transaction"),
            body: ["msgtype": "m.text", "body": "reply", "m.relates_to": ["rel_type": "m.thread", "event_id": .string(root)]]
        ).ok()
        try await alice.send("plain", to: room)

        func bodies(_ filter: JSONValue) async throws -> [String] {
            try await alice.messages(in: room, dir: "f", filter: filter).chunk.messageBodies
        }
        #expect(try await bodies(["org.matrix.msc3874.rel_types": ["m.thread"]]) == ["reply"])
        #expect(try await bodies(["org.matrix.msc3874.not_rel_types": ["m.thread"]]) == ["root", "plain"])
        #expect(try await bodies(["related_by_rel_types": ["m.thread"]]) == ["root"])
        #expect(try await bodies(["related_by_senders": [.string(alice.userID)], "related_by_rel_types": ["m.replace"]]) == [])

        // A stored filter does the same in a sync, and comes back as it was sent.
        let filter: JSONValue = ["room": ["timeline": ["org.matrix.msc3874.not_rel_types": ["m.thread"], "org.example": 1]]]
        let id = try #require(try await alice.post("user", alice.userID, "filter", body: filter).ok()["filter_id"]?.stringValue)
        #expect(try await alice.get("user", alice.userID, "filter", id).ok() == filter)
        let synced = try await alice.sync(since: since, query: [("filter", id)])
        #expect(synced.timeline(room).messageBodies == ["plain"])
        try await alice.post("user", alice.userID, "filter", body: ["room": ["timeline": ["rel_types": 1]]]).fails(400, "M_BAD_JSON")
    }
}
