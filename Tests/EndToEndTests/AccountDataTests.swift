import CanonicalJSON
import Testing

/// "Client config": account data, the user's own and the user's for a room.
@Suite(.fewAtATime) struct AccountDataTests {
    @Test func globalDataIsKeptAndSynced() async throws {
        let alice = try await newUser("alice")
        try await alice.get("user", alice.userID, "account_data", "org.example").fails(404, "M_NOT_FOUND")
        let since = try await alice.sync().nextBatch
        for content in [["a": 1, "float": 1.5], ["b": [1, .null]]] as [JSONValue] {
            try await alice.put("user", alice.userID, "account_data", "org.example", body: content).ok()
            #expect(try await alice.get("user", alice.userID, "account_data", "org.example").ok() == content)
            let event = try #require(try await alice.sync(since: since).accountData.event("org.example"))
            #expect(event == ["type": "org.example", "content": content])
        }
        #expect(try await alice.sync().accountData.event("org.example")?["content"] == ["b": [1, .null]])
        #expect(try await alice.sync(since: alice.sync().nextBatch).accountData.event("org.example") == nil)
    }

    @Test func aRoomsDataIsKeptAndSynced() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        try await alice.get("user", alice.userID, "rooms", room, "account_data", "m.tag").fails(404, "M_NOT_FOUND")
        let since = try await alice.sync().nextBatch
        let content: JSONValue = ["tags": ["u.work": ["order": 0.5]]]
        try await alice.put("user", alice.userID, "rooms", room, "account_data", "m.tag", body: content).ok()
        #expect(try await alice.get("user", alice.userID, "rooms", room, "account_data", "m.tag").ok() == content)
        for answer in [try await alice.sync(since: since), try await alice.sync()] {
            let data = try #require(answer.joined(room)?["account_data", "events"]?.arrayValue)
            #expect(data.event("m.tag")?["content"] == content)
        }
        #expect(try await bob.sync().joined(room)?["account_data", "events"]?.arrayValue?.event("m.tag") == nil)
    }

    @Test func aChangeWakesTheUsersOtherDevices() async throws {
        let alice = try await newUser("alice")
        let tablet = try await alice.logIn()
        let since = try await tablet.sync().nextBatch
        async let waiting = tablet.sync(since: since, timeout: 60_000)
        try await Task.sleep(for: .milliseconds(300))
        try await alice.put("user", alice.userID, "account_data", "org.example", body: ["a": 1]).ok()
        #expect(try await waiting.accountData.event("org.example")?["content"] == ["a": 1])
    }

    @Test func anothersDataIsForbidden() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        try await bob.get("user", alice.userID, "account_data", "org.example").fails(403, "M_FORBIDDEN")
        try await bob.put("user", alice.userID, "account_data", "org.example", body: [:]).fails(403, "M_FORBIDDEN")
        try await bob.get("user", alice.userID, "rooms", room, "account_data", "org.example").fails(403, "M_FORBIDDEN")
        try await bob.put("user", alice.userID, "rooms", room, "account_data", "org.example", body: [:]).fails(403, "M_FORBIDDEN")
    }

    @Test(arguments: ["m.fully_read", "m.push_rules"])
    func whatTheServerControlsIsNotSetHere(_ type: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        if type == "m.push_rules" {
            try await alice.put("user", alice.userID, "account_data", type, body: [:]).fails(405, "M_BAD_JSON")
        }
        try await alice.put("user", alice.userID, "rooms", room, "account_data", type, body: [:]).fails(405, "M_BAD_JSON")
    }

    @Test func roomIDsAreChecked() async throws {
        let alice = try await newUser("alice")
        try await alice.get("user", alice.userID, "rooms", "no-room-id", "account_data", "org.example").fails(400, "M_INVALID_PARAM")
        try await alice.put("user", alice.userID, "rooms", "no-room-id", "account_data", "org.example", body: [:]).fails(
            400, "M_INVALID_PARAM")
    }
}
