import CanonicalJSON
import Testing

/// Events that stick to their rooms (MSC4354).
@Suite(.fewAtATime) struct StickyEventsTests {
    private static let duration = "org.matrix.msc4354.sticky_duration_ms"
    private static let slidingSyncAPI = "/_matrix/client/unstable/org.matrix.simplified_msc3575"

    @Test func areSentAndTold() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let query = [(Self.duration, "600000")]
        let message = try await alice.put("rooms", room, "send", "org.example", "1", query: query, body: ["n": 1]).ok()
        // The same request gives the same event.
        #expect(try await alice.put("rooms", room, "send", "org.example", "1", query: query, body: ["n": 1]).ok() == message)
        try await alice.put("rooms", room, "state", "org.example", "key", query: query, body: ["n": 2]).ok()
        let later = [(Self.duration, "600000"), ("org.matrix.msc4140.delay", "1000000")]
        #expect(try await alice.put("rooms", room, "send", "org.example", "2", query: later, body: ["n": 3]).ok()["delay_id"] != nil)

        let answer = try await bob.sync(filter: ["room": ["timeline": ["types": []]]])
        let events = try #require(answer.joined(room)?["msc4354_sticky", "events"]?.arrayValue)
        #expect(events.map { $0["content", "n"] } == [1, 2] && events.map { $0["msc4354_sticky", "duration_ms"] } == [600_000, 600_000])
        #expect(events.allSatisfy { $0["unsigned", "msc4354_sticky_duration_ttl_ms"]?.integerValue ?? 0 > 500_000 })

        let body: JSONValue = ["extensions": ["org.matrix.msc4354.sticky_events": ["enabled": true, "limit": 1]]]
        let sliding = try await bob.post("sync", body: body, api: Self.slidingSyncAPI).ok()
        let told = sliding["extensions", "org.matrix.msc4354.sticky_events"]
        #expect(told?["rooms", room, "events"]?.arrayValue?.map { $0["content", "n"] } == [1])
        let next: JSONValue = [
            "extensions": ["org.matrix.msc4354.sticky_events": ["enabled": true, "since": told?["next_batch"] ?? .null]]
        ]
        let rest = try await bob.post("sync", body: next, api: Self.slidingSyncAPI).ok()
        #expect(
            rest["extensions", "org.matrix.msc4354.sticky_events", "rooms", room, "events"]?.arrayValue?.map { $0["content", "n"] } == [2])
    }

    @Test(arguments: ["-1", "1.5", "long"])
    func malformedDurationsAreRefused(_ duration: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let query = [(Self.duration, duration)]
        try await alice.put("rooms", room, "send", "org.example", "1", query: query, body: [:]).fails(400, "M_INVALID_PARAM")
        try await alice.put("rooms", room, "state", "org.example", "key", query: query, body: [:]).fails(400, "M_INVALID_PARAM")
    }

    @Test(arguments: [["limit": 0], ["limit": "1"], ["since": "nothing"], ["since": 1]] as [JSONValue])
    func malformedExtensionsAreRefused(_ settings: JSONValue) async throws {
        let alice = try await newUser("alice")
        var settings = settings.objectValue ?? [:]
        settings["enabled"] = true
        try await alice.post(
            "sync", body: ["extensions": ["org.matrix.msc4354.sticky_events": .object(settings)]], api: Self.slidingSyncAPI
        ).fails(400, "M_INVALID_PARAM", "M_BAD_JSON")
    }
}
