import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// "Listing Notifications".
@Suite struct NotificationsTests {
    private func list(_ server: PushServer, _ request: NotificationsRequest = NotificationsRequest()) throws -> JSONValue {
        try server.homeserver.notifications.list(request, for: server.bob).json()
    }

    private func bodies(_ answer: JSONValue) -> [String] {
        answer["notifications"]?.arrayValue?.compactMap { $0["event", "content", "body"]?.stringValue } ?? []
    }

    @Test func theNewestComeFirstOverAllRooms() async throws {
        try await PushServer.run { server in
            let (one, two) = (try await server.room(with: server.bob), try await server.room(with: server.bob, server.carol))
            for number in 1...3 {
                try await server.say("one \(number)", in: one, by: server.alice)
                try await server.say("two \(number)", in: two, by: server.alice)
            }
            try await server.say("own", in: two, by: server.bob)
            let all = try list(server)
            #expect(bodies(all) == ["two 3", "one 3", "two 2", "one 2", "two 1", "one 1"])
            #expect(all["next_token"] == nil)
            let newest = try #require(all["notifications"]?.arrayValue?.first)
            #expect(newest["room_id"] == .string(two.string))
            #expect(newest["actions"] == ["notify"])
            #expect(newest["read"] == false)
            #expect(newest["ts"] == newest["event", "origin_server_ts"])
            #expect(newest["event", "room_id"] == nil)
        }
    }

    @Test func pagesFollowEachOther() async throws {
        try await PushServer.run { server in
            let rooms = [try await server.room(with: server.bob), try await server.room(with: server.bob)]
            for number in 0..<60 { try await server.say("\(number)", in: rooms[number % 2], by: server.alice) }
            var found: [String] = []
            var request = NotificationsRequest(limit: 7)
            while true {
                let answer = try list(server, request)
                found += bodies(answer)
                #expect(bodies(answer).count <= 7)
                guard let next = answer["next_token"]?.stringValue else { break }
                let token: PaginationToken = try #require(PaginationToken(next))
                request.from = token
            }
            #expect(found == (0..<60).reversed().map { "\($0)" })
        }
    }

    @Test func highlightsCanBeAskedForAlone() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob, server.carol)
            let read = try await server.say("mention", server.mentioning(server.bob), in: room, by: server.alice)
            try await server.say("other", in: room, by: server.alice)
            try await server.say("unread mention", server.mentioning(server.bob), in: room, by: server.alice)
            try await server.read(read, in: room, by: server.bob)
            let answer = try list(server, NotificationsRequest(isForHighlights: true))
            #expect(bodies(answer) == ["unread mention", "mention"])
            #expect(answer["notifications"]?.arrayValue?.map { $0["read"] } == [false, true])
        }
    }

    @Test func invitesAreListedBeforeAndAfterTheJoin() async throws {
        try await PushServer.run { server in
            let room = try await server.room(.privateChat)
            try await server.homeserver.rooms.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            let waiting = try #require(try list(server)["notifications"]?.arrayValue)
            #expect(waiting.map { $0["event", "content", "membership"] } == ["invite"])
            #expect(waiting.first?["room_id"] == .string(room.string))
            #expect(waiting.first?["read"] == false)
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            for number in 0..<5 { try await server.say("\(number)", in: room, by: server.alice) }
            let first = try list(server, NotificationsRequest(limit: 2))
            let next = try #require(first["next_token"]?.stringValue.flatMap(PaginationToken.init(_:)))
            let rest = try list(server, NotificationsRequest(from: next))
            #expect(bodies(first) == ["4", "3"])
            #expect(bodies(rest) == ["2", "1", "0"])
            #expect(rest["notifications"]?.arrayValue?.last?["event", "event_id"] == waiting.first?["event", "event_id"])
            #expect(rest["notifications"]?.arrayValue?.count == 4)
        }
    }

    @Test func invitesThatAreHiddenAreNotListed() async throws {
        try await PushServer.run { server in
            let room = try await server.room(.privateChat)
            try await server.homeserver.rooms.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            let ignored: JSONObject = ["ignored_users": ["@alice:example.org": [:]]]
            try await server.homeserver.accounts.setAccountData(
                of: server.bob.userID, in: nil, type: "m.ignored_user_list", to: ignored.encoded(), for: server.bob)
            #expect(try list(server)["notifications"] == [])
        }
    }

    @Test func whatWasBeforeTheUsersTimeIsLeftOut() async throws {
        try await PushServer.run { server in
            let room = try await server.room()
            try await server.say("before", in: room, by: server.alice)
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            #expect(try list(server)["notifications"] == [])
        }
    }
}
