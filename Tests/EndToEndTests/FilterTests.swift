import CanonicalJSON
import Testing

/// "Filtering": `/filter`. What filters do is in the tests of sync and messages.
@Suite(.fewAtATime) struct FilterTests {
    @Test func aFilterIsKept() async throws {
        let alice = try await newUser("alice")
        let filter: JSONValue = [
            "room": [
                "state": ["types": ["m.room.*"], "not_rooms": ["!726s6s6q:example.com"]],
                "timeline": ["limit": 10, "types": ["m.room.message"], "not_senders": ["@spam:example.com"]],
                "ephemeral": ["types": ["m.receipt", "m.typing"]],
            ],
            "presence": ["types": ["m.presence"], "not_senders": ["@alice:example.com"]],
            "event_format": "client", "event_fields": ["type", "content", "sender"],
        ]
        let id = try #require(try await alice.post("user", alice.userID, "filter", body: filter).ok()["filter_id"]?.stringValue)
        #expect(!id.hasPrefix("{") && !id.isEmpty)
        #expect(try await alice.get("user", alice.userID, "filter", id).ok() == filter)
        try await alice.get("sync", query: [("filter", id)]).ok()
    }

    @Test func filtersAreTheirUsersOwn() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let id = try #require(try await alice.post("user", alice.userID, "filter", body: [:]).ok()["filter_id"]?.stringValue)
        try await bob.get("user", alice.userID, "filter", id).fails(403, "M_FORBIDDEN")
        try await bob.post("user", alice.userID, "filter", body: [:]).fails(403, "M_FORBIDDEN")
        try await bob.get("user", bob.userID, "filter", id).fails(404, "M_NOT_FOUND")
    }

    @Test(arguments: ["unknown", "999999", "-1"])
    func unknownFilters(_ id: String) async throws {
        let alice = try await newUser("alice")
        try await alice.get("user", alice.userID, "filter", id).fails(404, "M_NOT_FOUND")
        let response = try await alice.get("sync", query: [("filter", id)])
        #expect([400, 404].contains(response.status))
        #expect(["M_INVALID_PARAM", "M_NOT_FOUND", "M_UNKNOWN"].contains(response.body["errcode"]?.stringValue))
    }

    @Test(
        arguments: [
            ["room": []], ["room": ["timeline": 1]], ["room": ["timeline": ["limit": "ten"]]],
            ["room": ["timeline": ["types": "m.room.message"]]],
            ["room": ["state": ["types": [1]]]], ["room": ["rooms": ["no room ID"]]], ["room": ["timeline": ["senders": ["no user ID"]]]],
            ["event_fields": "type"], ["event_format": "unknown"], ["presence": "all"], ["room": ["state": ["lazy_load_members": 1]]],
        ] as [JSONValue])
    func malformedFiltersAreRefused(_ filter: JSONValue) async throws {
        let alice = try await newUser("alice")
        try await alice.post("user", alice.userID, "filter", body: filter).fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
        try await alice.get("sync", query: [("filter", String(decoding: filter.encoded(), as: UTF8.self))])
            .fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
    }
}
