import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// "Ignoring Users".
@Suite struct IgnoredUsersTests {
    private static let ignoring: JSONObject = ["ignored_users": ["@alice:example.org": [:], "@bob:example.org": [:]]]

    /// A room in which Alice and Bob speak, and Bob ignores Alice, and in vain himself.
    private func room(_ fixture: RoomsFixture) async throws -> (room: RoomID, hers: EventID, his: EventID) {
        let room = try await fixture.room(with: fixture.bob)
        let hers = try await fixture.say("hers", in: room, by: fixture.alice)
        let his = try await fixture.say("his", in: room, by: fixture.bob)
        _ = try await fixture.accounts.setAccountData(
            of: fixture.bob.userID, in: nil, type: "m.ignored_user_list", to: Self.ignoring.encoded())
        return (room, hers, his)
    }

    @Test func messagesAreHiddenAndStateIsNot() async throws {
        let fixture = try await RoomsFixture()
        let (room, hers, his) = try await room(fixture)
        let topic = try await fixture.set("m.room.topic", ["topic": "x"], in: room, by: fixture.alice)
        #expect(try fixture.messages(of: room, for: fixture.bob) == ["his"])
        #expect(try fixture.messages(of: room, for: fixture.alice) == ["hers", "his"])
        _ = try fixture.event(topic, in: room, for: fixture.bob)
        _ = try fixture.event(his, in: room, for: fixture.bob)
        await expect(.notFound, 404) { try fixture.event(hers, in: room, for: fixture.bob) }
        let context = try fixture.rooms.context(of: his, in: room, limit: 10, filter: .everything, for: fixture.bob).json()
        let around = (context["events_before"]?.arrayValue ?? []) + (context["events_after"]?.arrayValue ?? [])
        #expect(around.contains { $0["type"] == "m.room.topic" })
        #expect(!around.contains { $0["content", "body"] == "hers" })
    }

    @Test func relationsAndThreadsAreHidden() async throws {
        let fixture = try await RoomsFixture()
        let (room, _, his) = try await room(fixture)
        let relation: JSONObject = ["rel_type": "m.thread", "event_id": .string(his.string)]
        for (user, text) in [(fixture.bob, "his reply"), (fixture.alice, "her reply")] {
            _ = try await fixture.rooms.send(
                "m.room.message", ["body": .string(text), "m.relates_to": .object(relation)], to: room, transactionID: text, by: user)
        }
        let relations = try fixture.rooms.relations(of: his, in: room, RelationsRequest(limit: 10), for: fixture.bob).json()
        #expect(relations["chunk"]?.arrayValue?.compactMap { $0["content", "body"] } == ["his reply"])
        let event = try fixture.event(his, in: room, for: fixture.bob)
        let thread = event["unsigned", "m.relations", "m.thread"]
        #expect(thread?["latest_event", "content", "body"] == "his reply")
        #expect(thread?["count"] == 1)
        let hers = try fixture.event(his, in: room, for: fixture.alice)
        #expect(hers["unsigned", "m.relations", "m.thread", "latest_event", "content", "body"] == "her reply")
        #expect(hers["unsigned", "m.relations", "m.thread", "count"] == 2)
    }

    @Test func whoIsAMemberIsToldWhoeverSpokeLast() async throws {
        let fixture = try await RoomsFixture()
        let (room, _, _) = try await room(fixture)
        try await fixture.say("the last word", in: room, by: fixture.alice)
        let now = fixture.database.snapshot().position
        let members = try fixture.rooms.members(of: room, at: now, membership: nil, notMembership: .leave, for: fixture.bob).json()
        #expect(members["chunk"]?.arrayValue?.count == 2)
    }

    @Test func syncHidesMessagesAndResumes() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let start = try await server.sync().next
            try await server.set("m.ignored_user_list", Self.ignoring, of: server.bob)
            try await server.say("hers", in: room, by: server.alice)
            try await server.setTopic("new", in: room)
            try await server.say("his", in: room, by: server.bob)
            let (answer, next) = try await server.sync(since: start)
            let timeline = answer["rooms", "join", room.string, "timeline"]
            #expect(timeline?["events"]?.arrayValue?.compactMap { $0["type"]?.stringValue } == ["m.room.topic", "m.room.message"])
            #expect(timeline?["limited"] == false)
            // A message that nobody is to see is no news.
            try await server.say("hers again", in: room, by: server.alice)
            #expect(try await server.sync(since: next).answer["rooms"] == nil)
            try await server.set("m.ignored_user_list", [:], of: server.bob)
            let events = try await server.sync().answer["rooms", "join", room.string, "timeline", "events"]?.arrayValue
            #expect(events?.compactMap { $0["content", "body"]?.stringValue } == ["hers", "his", "hers again"])
        }
    }
}
