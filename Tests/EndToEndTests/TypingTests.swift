import CanonicalJSON
import Testing

/// "Typing Notifications": `/typing`.
@Suite(.fewAtATime) struct TypingTests {
    @Test func typingReachesOthers() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let since = try await alice.sync().nextBatch
        func put(_ body: JSONValue) async throws -> Response { try await bob.put("rooms", room, "typing", bob.userID, body: body) }

        async let woken = alice.sync(since: since) { !$0.ephemeral(room).isEmpty }
        #expect(try await put(["typing": true, "timeout": 30_000]).ok() == [:])
        let begun = try await woken
        #expect(begun.ephemeral(room)["m.typing"] == ["user_ids": [.string(bob.userID)]])
        #expect(try await put(["typing": false]).ok() == [:])
        let ended = try await alice.sync(since: begun.nextBatch) { !$0.ephemeral(room).isEmpty }
        #expect(ended.ephemeral(room)["m.typing"] == ["user_ids": []])

        try await put([:]).fails(400, "M_MISSING_PARAM")
        try await put(["typing": 1]).fails(400, "M_BAD_JSON")
        try await put(["typing": true, "timeout": "long"]).fails(400, "M_BAD_JSON")
        try await bob.put("rooms", room, "typing", alice.userID, body: ["typing": true]).fails(403, "M_FORBIDDEN")
        let carol = try await newUser("carol")
        try await carol.put("rooms", room, "typing", carol.userID, body: ["typing": true]).fails(403, "M_FORBIDDEN")
        try await anybody().put("rooms", room, "typing", bob.userID, body: ["typing": true]).fails(401, "M_MISSING_TOKEN")
    }
}
