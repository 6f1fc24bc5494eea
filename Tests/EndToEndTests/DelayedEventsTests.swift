import CanonicalJSON
import TestSupport
import Testing

/// Events that are sent later (MSC4140).
@Suite(.fewAtATime) struct DelayedEventsTests {
    private static let api = "/_matrix/client/unstable/org.matrix.msc4140"
    private static let delay = "org.matrix.msc4140.delay"

    private func delayID(_ response: Response) throws -> String {
        let answer = try response.ok()
        #expect(answer["event_id"] == nil)
        return try #require(answer["delay_id"]?.stringValue)
    }

    private func schedule(
        _ text: String, after delay: String, in room: String, by client: MatrixTestClient, _ transaction: String? = nil
    ) async throws -> Response {
        try await client.put(
            "rooms", room, "send", "m.room.message", transaction ?? unique("transaction"), query: [(Self.delay, delay)],
            body: ["msgtype": "m.text", "body": .string(text)])
    }

    private func pending(of client: MatrixTestClient) async throws -> [JSONValue] {
        try #require(try await client.get("delayed_events", api: Self.api).ok()["delayed_events"]?.arrayValue)
    }

    @Test func comesInItsTime() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        #expect(try await anybody().get("versions", api: "/_matrix/client").ok()["unstable_features", "org.matrix.msc4140"] == true)
        let room = try await alice.createRoom(with: bob)
        let since = try await bob.sync().nextBatch
        let begin = ContinuousClock.now
        let id = try delayID(try await schedule("later", after: "500", in: room, by: alice))
        let told = try await bob.sync(since: since) { !$0.timeline(room).isEmpty }
        #expect(told.timeline(room).messageBodies == ["later"])
        #expect(ContinuousClock.now - begin >= .milliseconds(500))
        #expect(told.timeline(room)[0]["unsigned", Self.delay + "_id"] == nil)
        let own = try await alice.messages(in: room, limit: 1).chunk[0]
        #expect(own["unsigned", Self.delay + "_id"]?.stringValue == id)
    }

    @Test func bothWaysToSchedule() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let state = try await alice.put(
            "rooms", room, "state", "org.example", "key", query: [(Self.delay, "100000")], body: ["way": "old"])
        let message = try await schedule("old way", after: "200000", in: room, by: alice)
        let newState = try await alice.put(
            "rooms", room, "delayed_event", "org.example", unique("transaction"),
            body: ["delay": 300_000, "state_key": "other", "content": ["way": "new"]], api: Self.api)
        let newMessage = try await alice.put(
            "rooms", room, "delayed_event", "m.room.message", unique("transaction"),
            body: ["delay": 400_000, "content": ["body": "new way"]], api: Self.api)
        let ids = try [state, message, newState, newMessage].map(delayID)
        let list = try await pending(of: alice)
        #expect(list.map { $0["delay_id"]?.stringValue } == ids)
        #expect(list.map { $0["state_key"]?.stringValue } == ["key", nil, "other", nil])
        #expect(list.map { $0["delay"] } == [100_000, 200_000, 300_000, 400_000])
        #expect(list[3]["content"] == ["body": "new way"] && list[3]["type"] == "m.room.message" && list[3]["room_id"]?.stringValue == room)
        #expect(list[3]["running_since"]?.integerValue != nil)
        let one = try await alice.get("delayed_events", ids[0], api: Self.api).ok()
        #expect(one == list[0])

        // Nobody else's business.
        let bob = try await newUser("bob")
        #expect(try await pending(of: bob).isEmpty)
        try await bob.get("delayed_events", ids[0], api: Self.api).fails(404, "M_NOT_FOUND")
        try await anybody().get("delayed_events", api: Self.api).fails(401, "M_MISSING_TOKEN")
    }

    @Test func aTransactionIsNotRepeated() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let first = try delayID(try await schedule("one", after: "100000", in: room, by: alice, "t"))
        #expect(try delayID(try await schedule("two", after: "200000", in: room, by: alice, "t")) == first)
        let path = "/_matrix/client/v3/rooms/\(MatrixTestClient.encoded(room))/send/m.room.message/t"
        #expect(try delayID(try await alice.request("PUT", path, query: [(Self.delay, "1")])) == first)
        let newPath = "\(Self.api)/rooms/\(MatrixTestClient.encoded(room))/delayed_event/m.room.message/t"
        let second = try delayID(try await alice.request("PUT", newPath, body: Array(#"{"delay": 100000, "content": {}}"#.utf8)))
        #expect(try delayID(try await alice.request("PUT", newPath)) == second)
        #expect(try await pending(of: alice).count == 2)
    }

    @Test func whoKnowsTheIDActs() async throws {
        let (alice, stranger) = (try await newUser("alice"), try await anybody())
        let room = try await alice.createRoom()
        func act(_ id: String, _ action: String) async throws -> Response {
            try await stranger.post("delayed_events", id, action, api: Self.api)
        }
        let cancelled = try delayID(try await schedule("cancelled", after: "100000", in: room, by: alice))
        #expect(try await act(cancelled, "restart").ok() == [:])
        #expect(try await act(cancelled, "cancel").ok() == [:])
        #expect(try await act(cancelled, "cancel").ok() == [:])
        try await act(cancelled, "send").fails(409, "M_UNKNOWN")
        let sent = try delayID(try await schedule("sent", after: "100000", in: room, by: alice))
        #expect(try await stranger.post("delayed_events", sent, body: ["action": "send"], api: Self.api).ok() == [:])
        #expect(try await alice.messages(in: room).chunk.messageBodies == ["sent"])
        #expect(try await pending(of: alice).isEmpty)

        try await act("unknown", "cancel").fails(404, "M_NOT_FOUND")
        try await act(sent, "explode").fails(404, "M_NOT_FOUND")
        try await stranger.post("delayed_events", sent, api: Self.api).fails(400, "M_MISSING_PARAM")
        for action in ["explode", 1] as [JSONValue] {
            try await stranger.post("delayed_events", sent, body: ["action": action], api: Self.api).fails(400, "M_INVALID_PARAM")
        }
    }

    @Test func whatCannotBeScheduled() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        for delay in ["0", "-1", "soon", "1.5", ""] {
            try await schedule("x", after: delay, in: room, by: alice).fails(400, "M_INVALID_PARAM")
            try await alice.put("rooms", room, "state", "org.example", "", query: [(Self.delay, delay)], body: [:])
                .fails(400, "M_INVALID_PARAM")
        }
        let tooLong = try await schedule("x", after: "86400001", in: room, by: alice)
        tooLong.fails(400, "ORG.MATRIX.MSC4140_MAX_DELAY_EXCEEDED")
        #expect(tooLong.body["org.matrix.msc4140.max_delay"] == 86_400_000)
        func request(_ body: JSONValue) async throws -> Response {
            try await alice.put("rooms", room, "delayed_event", "org.example", unique("transaction"), body: body, api: Self.api)
        }
        try await request(["content": [:]]).fails(400, "M_MISSING_PARAM")
        try await request(["delay": 1]).fails(400, "M_MISSING_PARAM")
        try await request(["delay": "1", "content": [:]]).fails(400, "M_INVALID_PARAM")
        try await request(["delay": 0, "content": [:]]).fails(400, "M_INVALID_PARAM")
        try await request(["delay": 1, "content": 1]).fails(400, "M_BAD_JSON")
    }

    @Test(.timeLimit(.minutes(5)))
    func outlivesAKill() async throws {
        let server = try await ServerProcess.start()
        let alice = try await server.newUser("alice")
        let room = try await alice.createRoom()
        _ = try delayID(try await schedule("overdue", after: "1000", in: room, by: alice))
        _ = try delayID(try await schedule("second", after: "1001", in: room, by: alice))
        let waiting = try delayID(try await schedule("waiting", after: "1000000", in: room, by: alice))
        server.kill()
        try await Task.sleep(for: .milliseconds(1100))
        let again = try await ServerProcess.start(in: server.directory)
        let there = alice.on(again)
        while try await there.messages(in: room).chunk.messageBodies.count < 2 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try await there.messages(in: room, dir: "f").chunk.messageBodies == ["overdue", "second"])
        #expect(try await pending(of: there).map { $0["delay_id"]?.stringValue } == [waiting])
        #expect(try await again.stop() == .exited(0))
    }
}
