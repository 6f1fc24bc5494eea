import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// What a sync tells of a room, where timeline, state and what the client knows meet in unusual ways.
@Suite struct SyncDeltaTests {
    private static let messagesOnly: JSONObject = ["room": ["timeline": ["types": ["m.room.message"]]]]
    private static let lazyMembers: JSONObject = ["room": ["state": ["lazy_load_members": true]]]

    private func state(of room: RoomID, in answer: JSONValue) -> [JSONValue] {
        answer["rooms", "join", room.string, "state", "events"]?.arrayValue ?? []
    }

    @Test func aRoomThatWasLeftAndJoinedAgainIsLimited() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.bob)
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            let answer = try await server.sync(since: since).answer
            #expect(answer["rooms", "join", room.string, "timeline", "limited"] == true)
            #expect(answer["rooms", "leave"] == nil)
        }
    }

    @Test func stateThatTheTimelinesFilterLeavesOutIsTold() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await server.setTopic("before", in: room)
            try await server.say("hello", in: room, by: server.alice)
            try await server.setTopic("after", in: room)
            let answer = try await server.sync(since: since, filter: Self.messagesOnly).answer
            #expect(state(of: room, in: answer).map { $0["content", "topic"] } == ["after"])
            let initial = try await server.sync(filter: Self.messagesOnly).answer
            #expect(state(of: room, in: initial).compactMap { $0["content", "topic"] } == ["after"])
        }
    }

    @Test func heroesComeInTheOrderOfTheirJoinsWithTheirMemberEvents() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.carol, server.bob)
            for _ in 0..<12 { try await server.say("hello", in: room, by: server.bob) }
            let answer = try await server.sync(filter: Self.lazyMembers).answer
            let heroes = [server.alice, server.carol].map { JSONValue.string($0.userID.string) }
            #expect(answer["rooms", "join", room.string, "summary", "m.heroes"]?.arrayValue == heroes)
            let members = state(of: room, in: answer).filter { $0["type"] == "m.room.member" }.compactMap { $0["state_key"] }
            #expect(Set(members) == Set(heroes + [.string(server.bob.userID.string)]))
        }
    }

    @Test func aRoomThatLosesItsNameGetsHeroes() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            func summary(since: SyncToken?) async throws -> (JSONValue?, SyncToken) {
                let (answer, next) = try await server.sync(since: since)
                return (answer["rooms", "join", room.string, "summary"], next)
            }
            let heroes: JSONValue = [.string(server.alice.userID.string)]
            let named: [(key: StateKey, content: JSONObject)] = [
                (key: .name, content: ["name": "Room"]), (key: .canonicalAlias, content: ["alias": "#room:example.org"]),
            ]
            for (key, content) in named {
                if key == .canonicalAlias {
                    try await server.homeserver.directory.setAlias(
                        RoomAlias(trusted: "#room:example.org"), to: room, by: server.alice)
                }
                _ = try await server.homeserver.rooms.setState(key, content, in: room, by: server.alice)
                let (before, since) = try await summary(since: nil)
                #expect(before?["m.heroes"] == nil && before?["m.joined_member_count"] == 2)
                _ = try await server.homeserver.rooms.setState(key, [:], in: room, by: server.alice)
                #expect(try await summary(since: since).0?["m.heroes"] == heroes)
            }
            let (_, since) = try await summary(since: nil)
            try await server.setTopic("no news of members", in: room)
            #expect(try await summary(since: since).0 == nil)
        }
    }

    @Test func whereNobodyElseIsLeftTheHeroesAreGone() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob, server.carol)
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.carol)
            try await server.homeserver.rooms.ban(server.bob.userID, from: room, reason: nil, by: server.alice)
            let heroes = [server.carol, server.bob].map { JSONValue.string($0.userID.string) }
            let answer = try await server.sync(by: server.alice).answer
            #expect(answer["rooms", "join", room.string, "summary", "m.heroes"]?.arrayValue == heroes)
        }
    }

    @Test func aRoomThatWasLeftKeepsItsAccountData() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await server.homeserver.accounts.setAccountData(
                of: server.bob.userID, in: room, type: "org.example.note", to: Array(#"{"text":"x"}"#.utf8), for: server.bob)
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.bob)
            let incremental = try await server.sync(since: since).answer
            let initial = try await server.sync(filter: ["room": ["include_leave": true]]).answer
            for answer in [incremental, initial] {
                let data = answer["rooms", "leave", room.string, "account_data", "events"]?.arrayValue
                #expect(data == [["type": "org.example.note", "content": ["text": "x"]]])
            }
        }
    }

    @Test func membersThatTheClientMayKnowAreNoNews() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync(filter: Self.lazyMembers).next
            _ = try await server.homeserver.rooms.send("org.example.other", [:], to: room, transactionID: "t", by: server.alice)
            let filter: JSONObject = [
                "room": ["state": ["lazy_load_members": true], "timeline": ["types": ["m.room.message"]]]
            ]
            #expect(try await server.sync(since: since, filter: filter).answer["rooms"] == nil)
        }
    }

    @Test func whoIsRemovedAndInvitedAgainLearnsOfBoth() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await server.say("before you go", in: room, by: server.alice)
            try await server.homeserver.rooms.kick(server.bob.userID, from: room, reason: nil, by: server.alice)
            try await server.say("without you", in: room, by: server.alice)
            try await server.homeserver.rooms.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            let answer = try await server.sync(since: since).answer
            #expect(answer["rooms", "invite", room.string] != nil)
            let timeline = answer["rooms", "leave", room.string, "timeline", "events"]?.arrayValue ?? []
            #expect(timeline.compactMap { $0["content", "body"] ?? $0["content", "membership"] } == ["before you go", "leave"])
        }
    }

    @Test func accountDataIsFilteredByRoom() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await server.homeserver.accounts.setAccountData(
                of: server.bob.userID, in: room, type: "org.example.note", to: Array(#"{"text":"x"}"#.utf8), for: server.bob)
            let filter: JSONObject = ["room": ["account_data": ["not_rooms": [.string(room.string)]]]]
            #expect(try await server.sync(since: since, filter: filter).answer["rooms"] == nil)
            #expect(try await server.sync(since: since).answer["rooms", "join", room.string] != nil)
        }
    }

    @Test func whatEndedWhileTheUserWasAwayForAMomentIsTold() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let accounts = server.homeserver.accounts
            try await accounts.setAccountData(
                of: server.bob.userID, in: room, type: "org.example.note", to: Array(#"{"text":"x"}"#.utf8), for: server.bob)
            try await server.homeserver.typing.set(true, of: server.alice.userID, in: room, by: server.alice)
            let since = try await server.sync().next
            try await server.homeserver.rooms.leave(room, reason: nil, by: server.bob)
            try await server.homeserver.typing.set(false, of: server.alice.userID, in: room, by: server.alice)
            try await accounts.removeAccountData(of: server.bob.userID, in: room, type: "org.example.note", for: server.bob)
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            let answer = try await server.sync(since: since).answer["rooms", "join", room.string]
            #expect(answer?["account_data", "events"] == [["type": "org.example.note", "content": [:]]])
            #expect(answer?["ephemeral", "events"] == [["type": "m.typing", "content": ["user_ids": []]]])
        }
    }

    @Test func aSenderIsToldAsTheNewestMemberEventSays() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob, server.carol)
            let filter: JSONObject = ["room": ["state": ["lazy_load_members": true], "timeline": ["types": ["m.room.message"]]]]
            let since = try await server.sync(filter: filter).next
            try await server.say("before", in: room, by: server.carol)
            let named: JSONObject = ["membership": "join", "displayname": "Carol"]
            _ = try await server.homeserver.rooms.setState(.member(server.carol.userID), named, in: room, by: server.carol)
            try await server.say("after", in: room, by: server.carol)
            let answer = try await server.sync(since: since, filter: filter).answer
            let told = state(of: room, in: answer).filter { $0["state_key"]?.stringValue == server.carol.userID.string }
            #expect(told.map { $0["content", "displayname"] } == ["Carol"])
        }
    }

    @Test func fullStateTellsOfMembersWhoHaveChanged() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob, server.carol)
            let filter: JSONObject = ["room": ["state": ["lazy_load_members": true], "timeline": ["limit": 1]]]
            let since = try await server.sync(filter: filter).next
            try await server.homeserver.rooms.kick(server.carol.userID, from: room, reason: nil, by: server.alice)
            try await server.say("gone", in: room, by: server.alice)
            let request = SyncRequest(since: since, isFullState: true, filter: try SyncFilter(checking: filter))
            let answer = try await server.homeserver.sync.sync(request, for: server.bob).json()
            let carol = state(of: room, in: answer).first { $0["state_key"]?.stringValue == server.carol.userID.string }
            #expect(carol?["content", "membership"] == "leave")
        }
    }

    @Test func eventsInTheFormOfServers() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await server.say("hello", in: room, by: server.bob)
            let answer = try await server.sync(since: since, filter: ["event_format": "federation"]).answer
            let event = try #require(answer["rooms", "join", room.string, "timeline", "events"]?.arrayValue?.first?.objectValue)
            let members: Set = [
                "auth_events", "content", "depth", "event_id", "hashes", "origin_server_ts", "prev_events", "room_id", "sender",
                "signatures", "type", "unsigned",
            ]
            #expect(Set(event.keys) == members)
            #expect(event["unsigned"]?.objectValue?["transaction_id"] != nil)
        }
    }

    @Test func aTokenFromTheFutureTellsWhatComesAfterNow() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let far = Position(1 << 45)
            let token = SyncToken(rooms: far, accounts: far, transitory: far)
            let (answer, next) = try await server.sync(since: token)
            #expect(answer["rooms"] == nil && next.rooms.position < far)
            try await server.say("later", in: room, by: server.alice)
            let timeline = try await server.sync(since: next).answer["rooms", "join", room.string, "timeline", "events"]?.arrayValue
            #expect(timeline?.map { $0["content", "body"] } == ["later"])
        }
    }
}
