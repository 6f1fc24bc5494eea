import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// `prev_content` and `replaces_state`: what state was before is told to whom may see it.
@Suite struct ReplacedContentTests {
    /// A room of Alice's with that history visibility.
    private func room(_ visibility: String, _ server: SyncServer) async throws -> RoomID {
        var request = CreateRoomRequest()
        request.preset = .publicChat
        request.initialState = [(.historyVisibility, ["history_visibility": .string(visibility)])]
        return try await server.homeserver.rooms.create(request, by: server.alice)
    }

    private func replaced(_ type: String, _ events: JSONValue?) -> (id: JSONValue?, content: JSONValue?) {
        let event = events?.arrayValue?.last { $0["type"]?.stringValue == type }
        return (event?["unsigned", "replaces_state"], event?["unsigned", "prev_content"])
    }

    private func isSecretKept(_ answer: JSONValue) -> Bool {
        !String(decoding: answer.encoded(), as: UTF8.self).contains("secret")
    }

    @Test func whoComesLaterIsNotToldWhatThereWasBefore() async throws {
        try await SyncServer.run { server in
            let rooms = server.homeserver.rooms
            let room = try await room("joined", server)
            try await server.setTopic("secret", in: room)
            try await server.setTopic("public", in: room)
            try await rooms.join(room, content: [:], by: server.bob)

            let (answer, next) = try await server.sync()
            #expect(isSecretKept(answer))
            let ofRoom = answer["rooms", "join", room.string]
            #expect(replaced("m.room.topic", ofRoom?["state", "events"]).id != nil)
            let state = try rooms.state(of: room, for: server.bob).json()
            #expect(isSecretKept(state) && replaced("m.room.topic", state).id != nil)
            let topic = try rooms.state(.topic, of: room, as: .event, for: server.bob).json()
            #expect(isSecretKept(topic) && topic["content", "topic"] == "public")
            #expect(isSecretKept(try server.homeserver.eventStream.initialSync(of: room, limit: 10, for: server.bob).json()))

            // What Bob has seen as state is told when it is replaced, wherever that is read.
            try await server.setTopic("new", in: room)
            let later = try await server.sync(since: next).answer
            let before: JSONValue = ["topic": "public"]
            #expect(replaced("m.room.topic", later["rooms", "join", room.string, "timeline", "events"]).content == before)
            let page = try rooms.messages(of: room, MessagesRequest(isBackward: true, limit: 1), for: server.bob).json()
            #expect(replaced("m.room.topic", page["chunk"]).content == before)
            let event = EventID(trusted: try #require(page["chunk"]?.arrayValue?.first?["event_id"]?.stringValue))
            #expect(try rooms.event(event, in: room, for: server.bob).json()["unsigned", "prev_content"] == before)
            let context = try rooms.context(of: event, in: room, limit: 10, filter: .everything, for: server.bob).json()
            #expect(context["event", "unsigned", "prev_content"] == before && isSecretKept(context))
            let news = try await server.homeserver.eventStream.events(
                from: next, of: nil, timeoutMilliseconds: 0, for: server.bob
            ).json()
            #expect(replaced("m.room.topic", news["chunk"]).content == before)
        }
    }

    @Test func theVisibilityAtThatTimeDecides() async throws {
        try await SyncServer.run { server in
            let room = try await room("joined", server)
            try await server.setTopic("secret", in: room)
            _ = try await server.homeserver.rooms.setState(
                .historyVisibility, ["history_visibility": "shared"], in: room, by: server.alice)
            try await server.setTopic("first", in: room)
            try await server.setTopic("second", in: room)
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            let page = try server.homeserver.rooms.messages(
                of: room, MessagesRequest(isBackward: true, limit: 3), for: server.bob
            ).json()
            let told = try #require(page["chunk"]?.arrayValue?.map { $0["unsigned"] })
            #expect(told.map { $0?["prev_content"] } == [nil, ["topic": "first"], nil])
            #expect(told.map { $0?["replaces_state"] != nil } == [false, true, true])
            let timeline = try await server.sync().answer["rooms", "join", room.string, "timeline", "events"]
            #expect(timeline?.arrayValue?.suffix(2).first?["unsigned", "prev_content"] == ["topic": "first"])
            #expect(isSecretKept(try #require(timeline)))
        }
    }

    @Test func whatOneWasBeforeOneIsTold() async throws {
        try await SyncServer.run { server in
            let room = try await room("joined", server)
            let start = try await server.sync().next
            try await server.homeserver.rooms.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.bob)
            let answer = try await server.sync(since: start).answer
            let turnedDown = replaced("m.room.member", answer["rooms", "leave", room.string, "timeline", "events"])
            #expect(turnedDown.content?["membership"] == "invite")
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            let joined = try await server.sync(since: start).answer
            let own = replaced("m.room.member", joined["rooms", "join", room.string, "timeline", "events"])
            #expect(own.content?["membership"] == "leave")
        }
    }
}
