import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// What a sync tells of rooms that its user is not, or no longer, in: nothing of what the user could not see.
@Suite struct SyncLeftRoomsTests {
    private func left(_ room: RoomID, in answer: JSONValue) throws -> (timeline: [JSONValue], state: [JSONValue]) {
        let left = try #require(answer["rooms", "leave", room.string])
        return (left["timeline", "events"]?.arrayValue ?? [], left["state", "events"]?.arrayValue ?? [])
    }

    @Test func anInviteThatWasTurnedDown() async throws {
        try await SyncServer.run { server in
            let start = try await server.sync().next
            let room = try await server.room(.privateChat)
            try await server.setTopic("secret", in: room)
            try await server.homeserver.rooms.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            let invited = try await server.sync(since: start).next
            try await server.setTopic("more secret", in: room)
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.bob)
            for since in [start, invited] {
                let (timeline, state) = try left(room, in: await server.sync(since: since).answer)
                #expect(timeline.map { $0["content"] } == [["membership": "leave"]])
                #expect(state.isEmpty)
            }
        }
    }

    @Test func aBanAfterTheLeave() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat)
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            let joined = try await server.sync().next
            try await server.setTopic("with", in: room)
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.bob)
            let gone = try await server.sync(since: joined)
            #expect(try left(room, in: gone.answer).timeline.map { $0["type"] } == ["m.room.topic", "m.room.member"])

            try await server.setTopic("secret", in: room)
            try await server.homeserver.rooms.ban(server.bob.userID, from: room, reason: nil, by: server.alice)
            let (timeline, state) = try left(room, in: await server.sync(since: gone.next).answer)
            #expect(timeline.map { $0["content"] } == [["membership": "ban"]] && state.isEmpty)

            // In one answer: up to the leave, and the ban.
            for answer in [
                try await server.sync(since: joined).answer,
                try await server.sync(filter: ["room": ["include_leave": true]]).answer,
            ] {
                let (timeline, state) = try left(room, in: answer)
                #expect(timeline.suffix(2).map { $0["content", "membership"] } == ["leave", "ban"])
                #expect(!(timeline + state).contains { $0["content", "topic"] == "secret" })
                #expect((timeline + state).contains { $0["content", "topic"] == "with" })
            }
        }
    }
}
