import CanonicalJSON
import Testing

/// "Presence": `/presence/{userId}/status`, `set_presence`.
@Suite(.fewAtATime) struct PresenceTests {
    @Test func presenceReachesWhoSharesARoom() async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        _ = try await alice.createRoom(with: bob)
        let since = try await alice.sync().nextBatch
        func status(for user: MatrixTestClient) async throws -> Response { try await user.get("presence", bob.userID, "status") }

        #expect(try await status(for: alice).ok() == ["presence": "offline"])
        async let woken = alice.sync(since: since) { $0.presence(of: bob.userID) != nil }
        let body: JSONValue = ["presence": "online", "status_msg": "I am here."]
        #expect(try await bob.put("presence", bob.userID, "status", body: body).ok() == [:])
        let told = try await woken.presence(of: bob.userID)
        #expect(told?["presence"] == "online" && told?["status_msg"] == "I am here." && told?["currently_active"] == true)
        #expect(told?["last_active_ago"]?.integerValue ?? -1 >= 0)
        #expect(try await status(for: alice).ok()["status_msg"] == "I am here.")

        try await status(for: carol).fails(403, "M_FORBIDDEN")
        try await carol.put("presence", bob.userID, "status", body: body).fails(403, "M_FORBIDDEN")
        try await bob.put("presence", bob.userID, "status", body: [:]).fails(400, "M_MISSING_PARAM")
        try await bob.put("presence", bob.userID, "status", body: ["presence": "asleep"]).fails(400, "M_BAD_JSON")
        try await bob.put("presence", bob.userID, "status", body: ["presence": "online", "status_msg": 1]).fails(400, "M_BAD_JSON")
        try await anybody().get("presence", bob.userID, "status").fails(401, "M_MISSING_TOKEN")
    }

    @Test func syncingSetsIt() async throws {
        let alice = try await newUser("alice")
        func presence() async throws -> JSONValue? { try await alice.get("presence", alice.userID, "status").ok()["presence"] }
        _ = try await alice.sync(presence: "offline")
        #expect(try await presence() == "offline")
        _ = try await alice.sync(presence: "unavailable")
        #expect(try await presence() == "unavailable")
        let answer = try await alice.get("sync").ok()
        #expect(try await presence() == "online")
        #expect(answer["presence", "events"]?.arrayValue?.first?["content", "presence"] == "online")
    }
}
