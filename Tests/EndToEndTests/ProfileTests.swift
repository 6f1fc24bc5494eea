import CanonicalJSON
import Testing

/// "Profiles": `/profile`.
@Suite(.fewAtATime) struct ProfileTests {
    @Test(
        arguments: [
            ("displayname", "Alice 🫖", "Bob"), ("avatar_url", "mxc://localhost/alice", "mxc://localhost/bob"),
            ("m.tz", "Europe/Paris", "Asia/Tokyo"),
            ("org.example.field", ["any": ["value", 1]], .null),
        ] as [(String, JSONValue, JSONValue)])
    func fieldsAreSetReadAndDeleted(_ field: String, _ first: JSONValue, _ second: JSONValue) async throws {
        let alice = try await newUser("alice")
        for value in [first, second] where value != .null {
            try await alice.put("profile", alice.userID, field, body: .object([field: value])).ok()
            #expect(try await anybody().get("profile", alice.userID, field).ok() == .object([field: value]))
            #expect(try await anybody().get("profile", alice.userID).ok()[field] == value)
        }
        try await alice.put("profile", alice.userID, "org.example.other", body: ["org.example.other": 1]).ok()
        try await alice.delete("profile", alice.userID, field).ok()
        try await anybody().get("profile", alice.userID, field).fails(404, "M_NOT_FOUND")
        #expect(try await anybody().get("profile", alice.userID).ok()[field] == nil)
        // It does not matter that it is gone already.
        try await alice.delete("profile", alice.userID, field).ok()
    }

    @Test func unknownUsersHaveNoProfile() async throws {
        try await anybody().get("profile", "@nobody:localhost").fails(404, "M_NOT_FOUND")
        try await anybody().get("profile", "@nobody:localhost", "displayname").fails(404, "M_NOT_FOUND")
        try await anybody().get("profile", "nobody").fails(400, "M_INVALID_PARAM")
    }

    @Test func nobodyChangesAnothersProfile() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        try await bob.put("profile", alice.userID, "displayname", body: ["displayname": "Mallory"]).fails(403, "M_FORBIDDEN")
        try await bob.delete("profile", alice.userID, "displayname").fails(403, "M_FORBIDDEN")
    }

    @Test func wrongValuesAreRefused() async throws {
        let alice = try await newUser("alice")
        func put(_ field: String, _ body: JSONValue) async throws -> Response {
            try await alice.put("profile", alice.userID, field, body: body)
        }
        try await put("displayname", [:]).fails(400, "M_MISSING_PARAM")
        try await put("displayname", ["avatar_url": "mxc://localhost/a"]).fails(400, "M_MISSING_PARAM")
        try await put("displayname", ["displayname": 1]).fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
        try await put("avatar_url", ["avatar_url": ["mxc://localhost/a"]]).fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
        try await put("Not a field", ["Not a field": 1]).fails(400, "M_INVALID_PARAM")
        let long = "org." + String(repeating: "a", count: 255)
        try await put(long, .object([long: 1])).fails(400, "M_KEY_TOO_LARGE")
        let large = String(repeating: "x", count: 65_536)
        try await put("org.example.large", ["org.example.large": "\(large)"]).fails(400, "M_PROFILE_TOO_LARGE")
        let half = String(repeating: "x", count: 40_000)
        try await put("org.example.half", ["org.example.half": "\(half)"]).ok()
        try await put("org.example.other_half", ["org.example.other_half": "\(half)"]).fails(400, "M_PROFILE_TOO_LARGE")
    }

    @Test func roomsLearnOfANewName() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let rooms = [try await alice.createRoom(with: bob), try await alice.createRoom(with: bob, version: "11")]
        let since = try await bob.sync().nextBatch
        try await alice.put("profile", alice.userID, "displayname", body: ["displayname": "Alice the Great"]).ok()
        for room in rooms {
            let answer = try await bob.sync(since: since) { $0.timeline(room).event("m.room.member", alice.userID) != nil }
            let event = try #require(answer.timeline(room).event("m.room.member", alice.userID))
            #expect(event["content", "membership"] == "join")
            #expect(event["content", "displayname"] == "Alice the Great")
            #expect(event["unsigned", "prev_content", "membership"] == "join")
        }
        try await alice.put("profile", alice.userID, "avatar_url", body: ["avatar_url": "mxc://localhost/great"]).ok()
        for room in rooms {
            _ = try await bob.sync(since: since) {
                $0.timeline(room).contains { $0["content", "avatar_url"] == "mxc://localhost/great" }
            }
            let content = try #require(try await bob.state("m.room.member", alice.userID, in: room))
            #expect(content["displayname"] == "Alice the Great")
        }
    }
}
