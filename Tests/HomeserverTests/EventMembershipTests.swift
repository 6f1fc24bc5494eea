import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// `unsigned.membership`: what the reader was at each event.
@Suite struct EventMembershipTests {
    private func memberships(_ events: JSONValue?) -> [String] {
        (events?.arrayValue ?? []).compactMap { event in
            let name = (event["content", "body"] ?? event["content", "membership"])?.stringValue ?? event["type"]?.stringValue ?? ""
            return "\(name) \(event["unsigned", "membership"]?.stringValue ?? "untold")"
        }
    }

    @Test func historyTellsWhatTheReaderWas() async throws {
        let fixture = try await RoomsFixture()
        let (alice, bob) = (fixture.alice, fixture.bob)
        let room = try await fixture.room()
        let first = try await fixture.say("before", in: room, by: alice)
        try await fixture.rooms.invite(bob.userID, to: room, reason: nil, by: alice)
        try await fixture.say("invited", in: room, by: alice)
        try await fixture.rooms.join(room, content: [:], by: bob)
        try await fixture.say("in", in: room, by: alice)
        try await fixture.rooms.leave(room, reason: nil, by: bob)
        try await fixture.say("out", in: room, by: alice)
        try await fixture.rooms.join(room, content: [:], by: bob)
        try await fixture.say("again", in: room, by: alice)

        let filter = EventFilter(["types": ["m.room.message", "m.room.member"], "senders": ["@alice:example.org", "@bob:example.org"]])
        let request = MessagesRequest(from: nil, isBackward: false, limit: 100, filter: filter)
        let chunk = try fixture.page(of: room, request, for: bob).answer["chunk"]
        #expect(
            memberships(chunk) == [
                "join leave", "before leave", "invite invite", "invited invite", "join join", "in join", "leave leave", "out leave",
                "join join",
                "again join",
            ])
        #expect(try fixture.event(first, in: room, for: bob)["unsigned", "membership"] == "leave")
        #expect(try fixture.event(first, in: room, for: alice)["unsigned", "membership"] == "join")
        let context = try fixture.rooms.context(of: first, in: room, limit: 4, filter: filter, for: bob).json()
        #expect(context["event", "unsigned", "membership"] == "leave")
        #expect(memberships(context["events_before"]) == ["join leave"])
        #expect(memberships(context["events_after"]) == ["invite invite", "invited invite"])

        // Relations and threads tell it, too.
        let relation: JSONObject = ["rel_type": "m.thread", "event_id": .string(first.string)]
        _ = try await fixture.rooms.send(
            "m.room.message", ["body": "reply", "m.relates_to": .object(relation)], to: room, transactionID: "1", by: alice)
        let relations = try fixture.rooms.relations(of: first, in: room, RelationsRequest(limit: 10), for: bob).json()
        #expect(memberships(relations["chunk"]) == ["reply join"])
        let threads = try fixture.rooms.threads(of: room, .all, from: nil, limit: 10, for: bob).json()
        #expect(memberships(threads["chunk"]) == ["before leave"])
    }

    @Test func syncTellsWhatTheReaderWas() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat)
            try await server.say("before", in: room, by: server.alice)
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            let filter: JSONObject = ["room": ["timeline": ["types": ["m.room.message", "m.room.member"], "limit": 2]]]
            let (answer, next) = try await server.sync(filter: filter)
            #expect(memberships(answer["rooms", "join", room.string, "timeline", "events"]) == ["before leave", "join join"])
            try await server.say("in", in: room, by: server.alice)
            try await server.homeserver.rooms.ban(server.bob.userID, from: room, reason: nil, by: server.alice)
            let later = try await server.sync(since: next, filter: filter).answer
            #expect(memberships(later["rooms", "leave", room.string, "timeline", "events"]) == ["in join", "ban ban"])
        }
    }
}
