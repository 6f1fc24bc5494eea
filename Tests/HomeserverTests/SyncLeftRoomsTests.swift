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

    @Test func aRoomThatWasJoinedAndLeftIsToldFromItsBeginning() async throws {
        try await SyncServer.run { server in
            let rooms = server.homeserver.rooms
            let room = try await server.room(.publicChat)
            try await server.setTopic("first", in: room)
            var since = try await server.sync().next
            // Also when Bob knows the room from before, but not what has become of it.
            for topic in ["first", "second"] {
                try await rooms.join(room, content: [:], by: server.bob)
                try await rooms.leave(room, reason: nil, by: server.bob)
                for section in [SyncRequest.StateSection.before, .after] {
                    let answer = try await server.sync(since: since, filter: ["room": ["timeline": ["limit": 2]]], state: section).answer
                    let left = try #require(answer["rooms", "leave", room.string])
                    #expect(left["timeline", "limited"] == true)
                    #expect(left["timeline", "events"]?.arrayValue?.map { $0["content", "membership"] } == ["join", "leave"])
                    let state = try #require(left[section.rawValue, "events"]?.arrayValue)
                    #expect(state.contains { $0["type"] == "m.room.create" })
                    #expect(state.contains { $0["content", "topic"]?.stringValue == topic })
                }
                since = try await server.sync(since: since).next
                try await server.setTopic("second", in: room)
                #expect(try await server.sync(since: since).answer["rooms"] == nil)
            }
        }
    }

    /// A stay that the client knows goes on where it was: no more than what changed is told.
    @Test func aStayThatIsKnownIsNotToldFromItsBeginning() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.bob)
            let answer = try await server.sync(since: since).answer
            let (timeline, state) = try left(room, in: answer)
            #expect(timeline.count == 1 && state.isEmpty)
            #expect(answer["rooms", "leave", room.string, "timeline", "limited"] == false)
        }
    }

    @Test func theStateAfterwardsHasWhatEndedTheStay() async throws {
        try await SyncServer.run { server in
            let rooms = server.homeserver.rooms
            let (room, invited) = (try await server.room(.publicChat, with: server.bob), try await server.room(.privateChat))
            try await rooms.invite(server.bob.userID, to: invited, reason: nil, by: server.alice)
            let since = try await server.sync().next
            try await rooms.kick(server.bob.userID, from: room, reason: nil, by: server.alice)
            let kicked = try await server.sync(since: since).next
            try await rooms.ban(server.bob.userID, from: room, reason: nil, by: server.alice)
            try await rooms.leave(invited, reason: nil, by: server.bob)
            func own(_ room: RoomID, since: SyncToken?, _ filter: JSONObject = [:]) async throws -> [String] {
                var all = filter
                all["include_leave"] = true
                let answer = try await server.sync(since: since, filter: ["room": .object(all)], state: .after).answer
                let events = try #require(answer["rooms", "leave", room.string, "state_after", "events"]?.arrayValue)
                return events.filter { $0["state_key"]?.stringValue == server.bob.userID.string }
                    .compactMap { $0["content", "membership"]?.stringValue }
            }
            for since in [since, kicked, nil] { #expect(try await own(room, since: since) == ["ban"]) }
            #expect(try await own(invited, since: since) == ["leave"])
            #expect(try await own(room, since: kicked, ["state": ["not_types": ["m.room.member"]]]) == [])
        }
    }

    @Test func whatEndedTheStayCountsAgainstTheLimit() async throws {
        try await SyncServer.run { server in
            let rooms = server.homeserver.rooms
            let room = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await rooms.leave(room, reason: nil, by: server.bob)
            try await rooms.ban(server.bob.userID, from: room, reason: nil, by: server.alice)
            for (limit, memberships) in [(2, ["leave", "ban"]), (1, ["ban"]), (0, [])] as [(Int64, [JSONValue])] {
                let filter: JSONObject = ["room": ["timeline": ["limit": .integer(limit)]]]
                let answer = try await server.sync(since: since, filter: filter).answer
                let (timeline, state) = try left(room, in: answer)
                #expect(timeline.map { $0["content", "membership"] } == memberships)
                #expect(answer["rooms", "leave", room.string, "timeline", "limited"] == .bool(limit < 2))
                // What the timeline has no room for is told as state.
                let own = (state + timeline).last { $0["state_key"]?.stringValue == server.bob.userID.string }
                #expect(own?["content", "membership"] == "ban")
            }
        }
    }

    /// Who was kicked or banned learns of it wherever they log in; not who has left.
    @Test func anInitialSyncTellsOfKicksAndBans() async throws {
        try await SyncServer.run { server in
            let rooms = server.homeserver.rooms
            func room() async throws -> RoomID { try await server.room(.publicChat, with: server.bob) }
            let (kicked, banned, left, forgotten) = (try await room(), try await room(), try await room(), try await room())
            let bob = server.bob.userID
            try await rooms.kick(bob, from: kicked, reason: nil, by: server.alice)
            try await rooms.ban(bob, from: banned, reason: nil, by: server.alice)
            try await rooms.leave(left, reason: nil, by: server.bob)
            try await rooms.kick(bob, from: forgotten, reason: nil, by: server.alice)
            try await rooms.forget(forgotten, by: server.bob)
            func told(_ filter: JSONObject) async throws -> Set<String> {
                Set(try await server.sync(filter: filter).answer["rooms", "leave"]?.objectValue?.keys ?? [])
            }
            #expect(try await told([:]) == [kicked.string, banned.string])
            #expect(try await told(["room": ["include_leave": true]]) == [kicked.string, banned.string, left.string])
        }
    }
}
