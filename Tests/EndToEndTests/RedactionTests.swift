import CanonicalJSON
import Testing

/// "Redactions": `/redact`.
@Suite(.fewAtATime) struct RedactionTests {
    private func redact(
        _ event: String, in room: String, by client: MatrixTestClient, reason: String? = nil, transaction: String = unique("transaction")
    ) async throws -> Response {
        try await client.put("rooms", room, "redact", event, transaction, body: reason.map { ["reason": "\($0)"] } ?? [:])
    }

    @Test(arguments: ["10", "11", "12"])
    func theContentGoesAndTheReasonStays(_ version: String) async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob, version: version)
        let message = try await bob.send("a mistake", to: room)
        let since = try await alice.sync().nextBatch
        let redaction = try #require(
            try await redact(message, in: room, by: bob, reason: "typing").ok()["event_id"]?.stringValue)

        for event in [
            try await alice.get("rooms", room, "event", message).ok(),
            try #require(try await alice.messages(in: room).chunk.first { $0["event_id"]?.stringValue == message }),
        ] {
            #expect(event["content"] == [:])
            #expect(event["type"] == "m.room.message")
            #expect(event["sender"]?.stringValue == bob.userID)
            let because = try #require(event["unsigned", "redacted_because"])
            #expect(because["event_id"]?.stringValue == redaction)
            #expect(because["type"] == "m.room.redaction")
            #expect(because["content", "reason"] == "typing")
        }
        // `redacts` is where old clients and where new clients look for it.
        let shown = try #require(try await alice.sync(since: since).timeline(room).event("m.room.redaction"))
        #expect(shown["event_id"]?.stringValue == redaction)
        #expect(shown["redacts"]?.stringValue == message)
        #expect(shown["content", "redacts"]?.stringValue == message)
    }

    @Test func whoMayRedact() async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let room = try await alice.createRoom(with: bob)
        let (alices, bobs) = (try await alice.send("alice's", to: room), try await bob.send("bob's", to: room))
        try await redact(alices, in: room, by: bob).fails(403, "M_FORBIDDEN")
        try await redact(alices, in: room, by: carol).fails(403, "M_FORBIDDEN")
        #expect(try await alice.messages(in: room).chunk.messageBodies == ["bob's", "alice's"])
        try await redact(bobs, in: room, by: alice).ok()
        #expect(try await alice.messages(in: room).chunk.messageBodies == ["alice's"])
    }

    @Test func sendingTheEventIsAsGoodAsTheEndpoint() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let message = try await alice.send("a mistake", to: room)
        try await alice.put("rooms", room, "send", "m.room.redaction", "1", body: ["redacts": "\(message)"]).ok()
        #expect(try await alice.get("rooms", room, "event", message).ok()["content"] == [:])
    }

    @Test func aRepeatedTransactionReturnsTheFirstEvent() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let message = try await alice.send("a mistake", to: room)
        let first = try await redact(message, in: room, by: alice, transaction: "1").ok()
        #expect(try await redact(message, in: room, by: alice, transaction: "1").ok() == first)
        #expect(try await redact(message, in: room, by: alice, transaction: "2").ok() != first)
    }

    @Test func stateIsRedactedToo() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let topic = try await alice.setState("m.room.topic", in: room, to: ["topic": "secret"])
        try await redact(topic, in: room, by: alice).ok()
        #expect(try await alice.state("m.room.topic", in: room) == [:])
        #expect(try await alice.fullState(of: room).event("m.room.topic")?["content"] == [:])
        let member = try #require(try await alice.fullState(of: room).event("m.room.member", alice.userID)?["event_id"]?.stringValue)
        try await redact(member, in: room, by: alice).ok()
        #expect(try await alice.state("m.room.member", alice.userID, in: room) == ["membership": "join"])
    }

    @Test func unknownEventsAndRooms() async throws {
        let alice = try await newUser("alice")
        let (room, otherRoom) = (try await alice.createRoom(), try await alice.createRoom())
        let elsewhere = try await alice.send("elsewhere", to: otherRoom)
        for event in ["$unknown", elsewhere] {
            try await redact(event, in: room, by: alice).fails(404, "M_NOT_FOUND")
        }
        #expect(try await alice.messages(in: otherRoom).chunk.messageBodies == ["elsewhere"])
        try await redact(elsewhere, in: "!unknown:localhost", by: alice).fails(403, "M_FORBIDDEN")
        try await alice.put("rooms", room, "redact", elsewhere, "1", body: ["reason": 1]).fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
    }
}
