import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Testing

/// "Sending events to a room" and "Redactions".
@Suite struct RoomsSendTests {
    private let unknownRoom = RoomID(trusted: "!unknown:example.org")

    @Test func whatWasSentIsThere() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        let content: JSONObject = [
            "body": "Tea? 🫖 é e\u{301} \u{0}", "list": [1, -1, 9_007_199_254_740_991, true, .null, [:], []], "": "",
        ]
        let id = try await fixture.rooms.send("org.example", content, to: room, transactionID: "1", by: fixture.alice)
        fixture.clock.advance(by: 5_000)
        let event = try fixture.event(id, in: room, for: fixture.alice)
        #expect(event["content"] == .object(content))
        #expect(event["type"] == "org.example" && event["sender"] == "@alice:example.org")
        #expect(event["unsigned"] == ["age": 5_000, "membership": "join", "transaction_id": "1"])
        #expect(
            Set(event.objectValue?.keys ?? []) == ["content", "event_id", "origin_server_ts", "room_id", "sender", "type", "unsigned"])
        #expect(try fixture.event(id, in: room, for: fixture.bob)["unsigned"] == ["age": 5_000, "membership": "join"])
        let tablet = Requester(userID: fixture.alice.userID, deviceID: "TABLET")
        #expect(try fixture.event(id, in: room, for: tablet)["unsigned"] == ["age": 5_000, "membership": "join"])
    }

    @Test func transactionsBelongToADeviceAndAPath() async throws {
        let fixture = try await RoomsFixture()
        let (room, other) = (try await fixture.room(), try await fixture.room())
        func send(_ type: String, _ transactionID: String, to target: RoomID? = nil, by user: Requester? = nil) async throws -> EventID {
            try await fixture.rooms.send(type, [:], to: target ?? room, transactionID: transactionID, by: user ?? fixture.alice)
        }
        let first = try await send("org.example", "a")
        #expect(try await send("org.example", "a") == first)
        let tablet = Requester(userID: fixture.alice.userID, deviceID: "TABLET")
        let others = [
            try await send("org.example", "b"), try await send("org.other", "a"), try await send("org.example", "a", to: other),
            try await send("org.example", "a", by: tablet),
            // Slashes may stand in both.
            try await send("org/example", "a/b"), try await send("org/example/a", "b"), try await send("org", "example/a/b"),
        ]
        #expect(Set(others + [first]).count == 8)
    }

    @Test func onlyMembersSend() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(.privateChat)
        await expect(.forbidden, 403) { try await fixture.say("no", in: room, by: fixture.bob, "1") }
        try await fixture.rooms.invite(fixture.bob.userID, to: room, reason: nil, by: fixture.alice)
        await expect(.forbidden, 403) { try await fixture.say("no", in: room, by: fixture.bob, "1") }
        try await fixture.rooms.join(room, content: [:], by: fixture.bob)
        try await fixture.say("yes", in: room, by: fixture.bob, "1")
        await expect(.forbidden, 403) { try await fixture.say("no", in: unknownRoom, by: fixture.bob) }
        #expect(try fixture.messages(of: room, for: fixture.alice) == ["yes"])
    }

    @Test func stateEventsNeedTheirKey() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        for type in ["m.room.create", "m.room.member"] {
            await expect(.forbidden, 403) {
                try await fixture.rooms.send(type, ["membership": "join"], to: room, transactionID: "1", by: fixture.alice)
            }
        }
    }

    @Test(
        arguments: [
            ["a": 1.5], ["a": 1.0], ["a": -0.0], ["a": [["b": 9_007_199_254_740_992]]], ["a": ["b": -9_007_199_254_740_992]],
            ["a": .bigInteger("-99999999999999999999")],
        ] as [JSONObject])
    func contentsAreCanonicalJSON(_ content: JSONObject) async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let (rooms, alice) = (fixture.rooms, fixture.alice)
        await expect(.badJSON, 400) { try await rooms.send("org.example", content, to: room, transactionID: "1", by: alice) }
        await expect(.badJSON, 400) { try await fixture.set("org.example", content, in: room, by: alice) }
        await expect(.badJSON, 400) { try await rooms.join(room, content: content, by: fixture.bob) }
        let message = try await fixture.say("hello", in: room, by: alice)
        await expect(.badJSON, 400) { try await rooms.redact(message, content: content, in: room, transactionID: "1", by: alice) }
    }

    @Test func contentsAreNotNestedWithoutEnd() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        func nested(_ depth: Int, _ innermost: JSONValue) -> JSONObject {
            (2..<depth).reduce(["a": innermost]) { inner, level in ["a": level % 2 == 0 ? [.object(inner)] : .object(inner)] }
        }
        // Every second level is an array in an object, so that there are about one and a half levels for each.
        _ = try await fixture.rooms.send("org.example", nested(80, [:]), to: room, transactionID: "1", by: fixture.alice)
        for innermost in [[], [:]] as [JSONValue] {
            await expect(.badJSON, 400) {
                try await fixture.rooms.send("org.example", nested(200, innermost), to: room, transactionID: "2", by: fixture.alice)
            }
        }
    }

    @Test func eventsThatAreTooLarge() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        await expect(.tooLarge, 413) { try await fixture.say(String(repeating: "x", count: 66_000), in: room, by: fixture.alice) }
        try await fixture.say(String(repeating: "x", count: 64_000), in: room, by: fixture.alice)
    }

    // MARK: - Redactions

    @Test(arguments: RoomVersion.supported)
    func redactions(_ version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        let (rooms, alice, bob) = (fixture.rooms, fixture.alice, fixture.bob)
        let room = try await fixture.room(version: version, with: bob)
        let message = try await fixture.say("a mistake", in: room, by: bob)
        let redaction = try await rooms.redact(message, content: ["reason": "typing"], in: room, transactionID: "1", by: bob)
        #expect(try await rooms.redact(message, content: ["reason": "typing"], in: room, transactionID: "1", by: bob) == redaction)

        let event = try fixture.event(message, in: room, for: alice)
        #expect(event["content"] == [:])
        #expect(event["unsigned", "redacted_because", "event_id"]?.stringValue == redaction.string)
        #expect(event["unsigned", "redacted_because", "content", "reason"] == "typing")
        try check(redaction, redacts: message, in: room, version, fixture)

        // Sending the event does the same, in every version.
        let second = try await fixture.say("another mistake", in: room, by: bob)
        let sent = try await rooms.send(
            "m.room.redaction", ["redacts": .string(second.string)], to: room, transactionID: "2", by: bob)
        #expect(try fixture.event(second, in: room, for: alice)["content"] == [:])
        try check(sent, redacts: second, in: room, version, fixture)
        // A repetition is one, whatever it says.
        #expect(
            try await rooms.send(
                "m.room.redaction", ["redacts": .string(message.string)], to: room, transactionID: "2", by: bob) == sent)
    }

    /// Clients find the target in both places, servers where the room version has it.
    private func check(
        _ redaction: EventID, redacts target: EventID, in room: RoomID, _ version: RoomVersion, _ fixture: RoomsFixture
    ) throws {
        let shown = try fixture.event(redaction, in: room, for: fixture.alice)
        #expect(shown["redacts"]?.stringValue == target.string && shown["content", "redacts"]?.stringValue == target.string)
        let stored = try #require(try fixture.database.view().timelineEvent(redaction)).event.json.json()
        let isInContent = version.eventFormat.redactsInContent
        #expect(stored["content", "redacts"]?.stringValue == (isInContent ? target.string : nil))
        #expect(stored["redacts"]?.stringValue == (isInContent ? nil : target.string))
    }

    @Test func whoMayRedact() async throws {
        let fixture = try await RoomsFixture()
        let (rooms, alice, bob) = (fixture.rooms, fixture.alice, fixture.bob)
        let room = try await fixture.room(with: bob)
        let (alices, bobs) = (try await fixture.say("alice's", in: room, by: alice), try await fixture.say("bob's", in: room, by: bob))
        func redact(_ event: EventID, by user: Requester, in target: RoomID? = nil) async throws {
            _ = try await rooms.redact(
                event, content: [:], in: target ?? room, transactionID: "\(event)\(user.userID)", by: user)
        }
        await expect(.forbidden, 403) { try await redact(alices, by: bob) }
        await expect(.forbidden, 403) { try await redact(alices, by: fixture.carol) }
        await expect(.forbidden, 403) {
            try await rooms.send("m.room.redaction", ["redacts": .string(alices.string)], to: room, transactionID: "1", by: bob)
        }
        try await redact(bobs, by: alice)
        #expect(try fixture.messages(of: room, for: bob).contains("alice's"))
        #expect(try !fixture.messages(of: room, for: bob).contains("bob's"))

        await expect(.notFound, 404) { try await redact(EventID(trusted: "$unknown"), by: alice) }
        let other = try await fixture.room()
        await expect(.notFound, 404) { try await redact(alices, by: alice, in: other) }
        await expect(.forbidden, 403) { try await redact(alices, by: alice, in: unknownRoom) }
        let create = try #require(try fixture.rooms.state(.create, of: room, as: .event, for: alice).json()["event_id"]?.stringValue)
        await expect(.forbidden, 403) { try await redact(EventID(trusted: create), by: alice) }
        // Redacted, an access control list would keep everybody out.
        let acl = try await fixture.set("m.room.server_acl", ["allow": ["*"]], in: room, by: alice)
        await expect(.forbidden, 403) { try await redact(acl, by: alice) }
        #expect(try fixture.content("m.room.server_acl", of: room, for: alice) == ["allow": ["*"]])
    }

    /// A redaction can be redacted, and that one again; a reader gets the one that belongs to the event, without an end of others in it.
    @Test func aQuotedRedactionQuotesNothing() async throws {
        let fixture = try await RoomsFixture()
        let (rooms, alice) = (fixture.rooms, fixture.alice)
        let room = try await fixture.room()
        var events = [try await fixture.say("a mistake", in: room, by: alice)]
        for number in 0..<20 {
            events.append(
                try await rooms.redact(events[number], content: [:], in: room, transactionID: "\(number)", by: alice))
        }
        for (target, redaction) in zip(events, events.dropFirst()) {
            let because = try #require(try fixture.event(target, in: room, for: alice)["unsigned", "redacted_because"])
            #expect(because["event_id"]?.stringValue == redaction.string)
            #expect(because["unsigned", "transaction_id"] != nil && because["unsigned", "redacted_because"] == nil)
        }
        let page = try fixture.page(of: room, MessagesRequest(isBackward: true, limit: 100), for: alice).answer
        let quoted = page["chunk"]?.arrayValue?.compactMap { $0["unsigned", "redacted_because", "event_id"]?.stringValue }
        #expect(quoted == events.dropFirst().map(\.string).reversed())
    }

    @Test func aRedactionNamesItsTarget() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        func send(_ content: JSONObject) async throws {
            _ = try await fixture.rooms.send("m.room.redaction", content, to: room, transactionID: "1", by: fixture.alice)
        }
        await expect(.missingParameter, 400) { try await send([:]) }
        await expect(.badJSON, 400) { try await send(["redacts": 1]) }
        await expect(.badJSON, 400) { try await send(["redacts": "event"]) }
    }
}
