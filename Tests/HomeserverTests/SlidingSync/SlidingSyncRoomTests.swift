import CanonicalJSON
import MatrixProtocol
import Testing

@testable import Homeserver

/// What simplified sliding sync tells of one room.
@Suite struct SlidingSyncRoomTests {
    private static let topic = (type: "m.room.topic", key: "")
    private static let lazy = (type: "m.room.member", key: "$LAZY")

    @Test func aRoomIsToldFromItsBeginningAndThenWhatHappens() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            try await server.setTopic("about", in: room)
            var client = SlidingClient(server)
            let first = try #require(try await client.sync(limit: 2, state: [Self.topic]).room(room))
            #expect(first["initial"] == true && first["limited"] == true && first["num_live"] == 0)
            #expect(first["joined_count"] == 2 && first["invited_count"] == 0)
            #expect(first["heroes"]?.arrayValue?.map { $0["user_id"] } == [.string(server.alice.userID.string)])
            #expect(first["required_state"]?.arrayValue?.map { $0["content", "topic"] } == ["about"])
            #expect(first["timeline"]?.arrayValue?.count == 2 && first["prev_batch"]?.stringValue != nil)
            let bump = try #require(first["bump_stamp"]?.integerValue)

            #expect(try await client.sync(limit: 2, state: [Self.topic]).roomIDs.isEmpty)
            try await server.say("hello", in: room, by: server.alice)
            let second = try #require(try await client.sync(limit: 2, state: [Self.topic]).room(room))
            #expect(second["initial"] == nil && second["limited"] == false && second["num_live"] == 1)
            #expect(second["timeline"]?.arrayValue?.map { $0["content", "body"] } == ["hello"])
            #expect(second["required_state"] == nil && second["joined_count"] == nil && second["heroes"] == nil)
            #expect(try #require(second["bump_stamp"]?.integerValue) > bump)
        }
    }

    @Test func stateDoesNotBumpARoom() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            _ = try await client.sync()
            try await server.setTopic("about", in: room)
            let answer = try #require(try await client.sync().room(room))
            #expect(answer["timeline"]?.arrayValue?.count == 1 && answer["bump_stamp"] == nil)
        }
    }

    @Test func whatDoesNotFitIsLeftOut() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            _ = try await client.sync(limit: 2)
            for number in 0..<5 { try await server.say("\(number)", in: room, by: server.alice) }
            let answer = try await client.sync(limit: 2)
            #expect(answer.bodies(room) == ["3", "4"])
            #expect(answer.room(room)?["limited"] == true && answer.room(room)?["num_live"] == 2)
        }
    }

    @Test func namesAndAvatarsAreToldWhenTheyChange() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let rooms = server.homeserver.rooms
            _ = try await rooms.setState(.name, ["name": "First"], in: room, by: server.alice)
            _ = try await rooms.setState(.avatar, ["url": "mxc://example.org/a"], in: room, by: server.alice)
            var client = SlidingClient(server)
            let first = try #require(try await client.sync().room(room))
            #expect(first["name"] == "First" && first["avatar"] == "mxc://example.org/a" && first["heroes"] == nil)
            _ = try await rooms.setState(.name, ["name": "Second"], in: room, by: server.alice)
            let second = try #require(try await client.sync().room(room))
            #expect(second["name"] == "Second" && second["avatar"] == nil)
            _ = try await rooms.setState(.avatar, [:], in: room, by: server.alice)
            let third = try #require(try await client.sync().room(room))
            #expect(third["name"] == nil && third["avatar"] == .null)
        }
    }

    @Test func aLargerLimitBringsMoreOfTheTimeline() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            for number in 0..<4 { try await server.say("\(number)", in: room, by: server.alice) }
            var client = SlidingClient(server)
            #expect(try await client.sync(limit: 1).bodies(room) == ["3"])
            let expanded = try await client.sync(limit: 3)
            #expect(expanded.bodies(room) == ["1", "2", "3"])
            let told = try #require(expanded.room(room))
            #expect(
                told["unstable_expanded_timeline"] == true && told["initial"] == nil && told["limited"] == true && told["num_live"] == 0)
            #expect(try await client.sync(limit: 3).roomIDs.isEmpty)
            // A smaller one changes nothing, as long as nothing is left out.
            try await server.say("4", in: room, by: server.alice)
            #expect(try await client.sync(limit: 1).bodies(room) == ["4"])
            #expect(try await client.sync(limit: 3).roomIDs.isEmpty)
            for number in 5..<7 { try await server.say("\(number)", in: room, by: server.alice) }
            #expect(try await client.sync(limit: 1).bodies(room) == ["6"])
            #expect(try await client.sync(limit: 3).bodies(room) == ["4", "5", "6"])
        }
    }

    @Test func withoutATimelineStateIsTold() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            let first = try #require(try await client.sync(limit: 0).room(room))
            #expect(first["timeline"] == nil && first["limited"] == nil && first["initial"] == true)
            try await server.setTopic("about", in: room)
            let second = try #require(try await client.sync(limit: 0, state: [Self.topic]).room(room))
            #expect(second["required_state"]?.arrayValue?.count == 1)
            try await server.say("hello", in: room, by: server.alice)
            #expect(try await client.sync(limit: 0, state: [Self.topic]).roomIDs.isEmpty)
        }
    }

    @Test func stateThatIsWantedOnlyNowIsToldOnce() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            try await server.setTopic("about", in: room)
            var client = SlidingClient(server)
            #expect(try await client.sync().room(room)?["required_state"] == nil)
            let told = try #require(try await client.sync(state: [Self.topic]).room(room))
            #expect(told["required_state"]?.arrayValue?.count == 1 && told["timeline"] == nil && told["initial"] == nil)
            // Not wanted for a while, it is not told again unless it changes.
            _ = try await client.sync()
            #expect(try await client.sync(state: [Self.topic]).roomIDs.isEmpty)
            _ = try await client.sync()
            try await server.setTopic("about something else", in: room)
            #expect(try await client.sync().room(room)?["required_state"] == nil)
            let again = try await client.sync(state: [Self.topic])
            #expect(again.room(room)?["required_state"]?.arrayValue?.map { $0["content", "topic"] } == ["about something else"])
        }
    }

    @Test(
        arguments: [
            ("*", "*", nil), ("m.room.create", "*", ["m.room.create"]), ("m.room.member", "$ME", ["m.room.member"]),
            ("m.room.member", "*", ["m.room.member", "m.room.member"]), ("org.example", "$LAZY", []),
        ] as [(String, String, [String]?)])
    func wildcards(_ type: String, _ key: String, _ types: [String]?) async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            let answer = try await client.sync(limit: 0, state: [(type, key)])
            let told = answer.room(room)?["required_state"]?.arrayValue?.compactMap { $0["type"]?.stringValue } ?? []
            if let types {
                #expect(told == types)
            } else {
                let view = server.homeserver.rooms.database.view()
                let all = try view.currentEntries(of: #require(try view.shortID(of: room)))
                #expect(told.count == all.count)
            }
        }
    }

    @Test func membersAreToldWhenTheyAreNeededAndOnce() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob, server.carol)
            let (alice, carol) = (server.alice.userID.string, server.carol.userID.string)
            try await server.say("1", in: room, by: server.alice)
            var client = SlidingClient(server)
            #expect(try await client.sync(limit: 1, state: [Self.lazy]).stateKeys("m.room.member", room) == [alice])
            try await server.say("2", in: room, by: server.alice)
            #expect(try await client.sync(limit: 1, state: [Self.lazy]).room(room)?["required_state"] == nil)
            try await server.say("3", in: room, by: server.carol)
            #expect(try await client.sync(limit: 1, state: [Self.lazy]).stateKeys("m.room.member", room) == [carol])
            // Who leaves beyond the timeline's beginning is forgotten, and told of when needed again.
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.carol)
            for number in 4..<7 { try await server.say("\(number)", in: room, by: server.alice) }
            #expect(try await client.sync(limit: 1, state: [Self.lazy]).room(room)?["required_state"] == nil)
            try await server.homeserver.rooms.join(room, content: [:], by: server.carol)
            #expect(try await client.sync(limit: 1, state: [Self.lazy]).stateKeys("m.room.member", room) == [carol])
        }
    }

    @Test func whoComesBackBeginsAnew() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            _ = try await client.sync()
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.bob)
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            #expect(try await client.sync().room(room)?["initial"] == true)
        }
    }

    @Test func invitesAndLeaves() async throws {
        try await SyncServer.run { server in
            var client = SlidingClient(server)
            #expect(try await client.sync().roomIDs.isEmpty)
            let room = try await server.room(.privateChat)
            try await server.setTopic("secret", in: room)
            try await server.homeserver.rooms.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            let invite = try #require(try await client.sync().room(room))
            let users: [JSONValue?] = [server.alice.userID, server.bob.userID].map { JSONValue.string($0.string) }
            #expect(invite["invite_state"]?.arrayValue?.suffix(2).map { $0["state_key"] } == users)
            #expect(invite["timeline"] == nil && invite["initial"] == true)
            #expect(try await client.sync().roomIDs.isEmpty)
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.bob)
            let declined = try await client.sync()
            #expect(declined.room(room)?["timeline"]?.arrayValue?.map { $0["content"] } == [["membership": "leave"]])
            let after = try await client.sync()
            #expect(after.roomIDs.isEmpty && after["lists", "all", "count"] == 0)
        }
    }

    /// Clients take a room for joined of which they are told without the user's own membership.
    @Test(arguments: ["$ME", "$LAZY", "*"])
    func whoIsNotInARoomHasTheOwnMembership(_ key: String) async throws {
        try await SyncServer.run { server in
            let (rooms, bob, alice) = (server.homeserver.rooms, server.bob.userID, server.alice)
            let room = try await server.room(.privateChat)
            let wishes = [(type: "m.room.member", key: key)]
            var client = SlidingClient(server)
            func membership(in answer: JSONValue) -> String? {
                let own = answer.room(room)?["required_state"]?.arrayValue?.first { $0["state_key"]?.stringValue == bob.string }
                return own?["content", "membership"]?.stringValue
            }
            func expect(_ expected: String, limit: Int, isInList: Bool = true) async throws {
                var answers = [try await client.sync(limit: limit, state: wishes)]
                var new = SlidingClient(server, connectionID: "new")
                if isInList { answers.append(try await new.sync(limit: limit, state: wishes)) }
                #expect(answers.allSatisfy { membership(in: $0) == expected }, "\(expected) is not in \(answers)")
            }
            func invite(limit: Int) async throws {
                try await rooms.invite(bob, to: room, reason: nil, by: alice)
                _ = try await client.sync(limit: limit, state: wishes)
            }
            for limit in 0..<2 {
                try await invite(limit: limit)
                try await rooms.leave(room, reason: nil, by: server.bob)
                try await expect("leave", limit: limit, isInList: false)
                try await invite(limit: limit)
                try await rooms.kick(bob, from: room, reason: nil, by: alice)
                try await expect("leave", limit: limit)
                try await rooms.ban(bob, from: room, reason: nil, by: alice)
                try await expect("ban", limit: limit)
                try await rooms.unban(bob, from: room, reason: nil, by: alice)
                try await expect("leave", limit: limit)
                try await invite(limit: limit)
                try await rooms.join(room, content: [:], by: server.bob)
                _ = try await client.sync(limit: limit, state: wishes)
                try await rooms.kick(bob, from: room, reason: nil, by: alice)
                try await expect("leave", limit: limit)
                try await rooms.ban(bob, from: room, reason: nil, by: alice)
                try await expect("ban", limit: limit)
                try await rooms.unban(bob, from: room, reason: nil, by: alice)
                try await expect("leave", limit: limit)
            }
            let opened = try await client.sync(client.request([], limit: 20, state: wishes, subscribed: [room]))
            #expect(opened.room(room)?["unstable_expanded_timeline"] == true && membership(in: opened) == "leave")
        }
    }

    @Test func whoLeavesAndForgetsARoomIsToldThatItIsOver() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            _ = try await client.sync()
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.bob)
            try await server.homeserver.rooms.forget(room, by: server.bob)
            let told = try await client.sync()
            #expect(told.room(room)?["timeline"]?.arrayValue?.last?["content", "membership"] == "leave")
            #expect(told["lists", "all", "count"] == 0)
            #expect(try await client.sync().roomIDs.isEmpty)
        }
    }

    @Test func whoWasRemovedSeesItAndNothingMore() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            _ = try await client.sync()
            try await server.homeserver.rooms.kick(server.bob.userID, from: room, reason: nil, by: server.alice)
            try await server.say("secret", in: room, by: server.alice)
            let answer = try await client.sync(state: [("*", "*")])
            let told = try #require(answer.room(room))
            #expect(told["timeline"]?.arrayValue?.last?["content", "membership"] == "leave" && told["joined_count"] == nil)
            #expect(answer.bodies(room).isEmpty && answer["lists", "all", "count"] == 1)
            try await server.setTopic("more secret", in: room)
            #expect(try await client.sync(state: [("*", "*")]).roomIDs.isEmpty)
            // It stays in the list, and goes when it is forgotten.
            var other = SlidingClient(server, connectionID: "other")
            #expect(try await other.sync(limit: 1).room(room)?["timeline"]?.arrayValue?.last?["content", "membership"] == "leave")
            try await server.homeserver.rooms.forget(room, by: server.bob)
            #expect(try await client.sync()["lists", "all", "count"] == 0)
        }
    }
}
