import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// `GET /events` and the initial syncs.
@Suite struct EventStreamTests {
    private func token(_ answer: JSONValue, _ name: String = "end") throws -> SyncToken {
        try #require(answer[name]?.stringValue.flatMap(SyncToken.init(_:)))
    }

    private func events(
        from: SyncToken?, of room: RoomID? = nil, timeout: Int64 = 0, _ server: SyncServer, by user: Requester? = nil
    ) async throws -> JSONValue {
        try await server.homeserver.eventStream.events(from: from, of: room, timeoutMilliseconds: timeout, for: user ?? server.bob).json()
    }

    private func bodies(_ answer: JSONValue?) -> [String] {
        (answer?["chunk"]?.arrayValue ?? []).compactMap { ($0["content", "body"] ?? $0["type"])?.stringValue }
    }

    @Test func theStreamTellsOfAllRoomsInTheirOrder() async throws {
        try await SyncServer.run { server in
            let rooms = [try await server.room(.publicChat, with: server.bob), try await server.room(.publicChat, with: server.bob)]
            let start = try token(try await events(from: nil, server))
            for (index, text) in ["1", "2", "3"].enumerated() { try await server.say(text, in: rooms[index % 2], by: server.alice) }
            let answer = try await events(from: start, server)
            #expect(bodies(answer) == ["1", "2", "3"])
            #expect(answer["chunk"]?.arrayValue?.compactMap { $0["room_id"]?.stringValue } == [rooms[0], rooms[1], rooms[0]].map(\.string))
            #expect(answer["start"]?.stringValue == start.description)
            #expect(bodies(try await events(from: token(answer), server)) == [])
        }
    }

    @Test func theStreamGoesOnWhereAnAnswerEnded() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var from = try token(try await events(from: nil, server))
            let texts = (0..<230).map(String.init)
            for text in texts { try await server.say(text, in: room, by: server.alice) }
            var told: [String] = []
            var sizes: [Int] = []
            while sizes.last != 0 {
                let answer = try await events(from: from, server)
                told += bodies(answer)
                sizes.append(bodies(answer).count)
                from = try token(answer)
            }
            #expect(told == texts)
            #expect(sizes == [100, 100, 30, 0])
        }
    }

    @Test func theStreamTellsOfInvitesAndLeaves() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.privateChat)
            var from = try token(try await events(from: nil, server))
            try await server.homeserver.rooms.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            try await server.say("before", in: room, by: server.alice)
            var answer = try await events(from: from, server)
            #expect(bodies(answer) == ["m.room.member"])
            from = try token(answer)
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            try await server.say("in", in: room, by: server.alice)
            try await server.homeserver.rooms.ban(server.bob.userID, from: room, reason: nil, by: server.alice)
            try await server.say("out", in: room, by: server.alice)
            answer = try await events(from: from, server)
            #expect(bodies(answer) == ["m.room.member", "in", "m.room.member"])
            #expect(bodies(try await events(from: token(answer), server)) == [])
        }
    }

    @Test func theStreamWaits() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let start = try token(try await events(from: nil, server))
            async let waiting = events(from: start, timeout: 60_000, server)
            try await server.say("at last", in: room, by: server.alice)
            #expect(bodies(try await waiting) == ["at last"])
        }
    }

    @Test func aWorldReadableRoomIsPeekedInto() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat)
            let other = try await server.room(.publicChat, with: server.bob)
            func setVisibility(_ visibility: String) async throws {
                _ = try await server.homeserver.rooms.setState(
                    .historyVisibility, ["history_visibility": .string(visibility)], in: room, by: server.alice)
            }
            await expect(.forbidden, 403) { try await events(from: nil, of: room, server) }
            await expect(.forbidden, 403) { try server.homeserver.eventStream.initialSync(of: room, limit: 10, for: server.bob) }
            try await setVisibility("world_readable")
            let initial = try server.homeserver.eventStream.initialSync(of: room, limit: 1, for: server.bob).json()
            #expect(initial["membership"] == nil)
            #expect(initial["room_id"]?.stringValue == room.string)
            #expect(initial["visibility"] == "private")
            #expect(bodies(initial["messages"]) == ["m.room.history_visibility"])
            #expect(initial["state"]?.arrayValue?.contains { $0["type"] == "m.room.create" } == true)
            let from = try token(try #require(initial["messages"]))
            async let waiting = events(from: from, of: room, timeout: 60_000, server)
            try await server.say("elsewhere", in: other, by: server.alice)
            try await server.say("here", in: room, by: server.alice)
            let answer = try await waiting
            #expect(bodies(answer) == ["here"])
            try await setVisibility("shared")
            await expect(.forbidden, 403) { try await events(from: token(answer), of: room, server) }
            await expect(.forbidden, 403) { try await events(from: nil, of: RoomID(trusted: "!none:example.org"), server) }
        }
    }

    @Test func anInitialSyncTellsOfEverything() async throws {
        try await SyncServer.run { server in
            let stream = server.homeserver.eventStream
            let joined = try await server.room(.publicChat, with: server.bob)
            for text in ["1", "2", "3"] { try await server.say(text, in: joined, by: server.alice) }
            let invited = try await server.room(.privateChat)
            try await server.homeserver.rooms.invite(server.bob.userID, to: invited, reason: nil, by: server.alice)
            let left = try await server.room(.publicChat, with: server.bob)
            try await server.homeserver.rooms.leave(left, reason: nil, by: server.bob)
            try await server.say("after", in: left, by: server.alice)
            try await server.set("org.example", ["a": 1], of: server.bob)
            try await server.homeserver.accounts.setTag("work", of: server.bob.userID, on: joined, to: [:], for: server.bob)

            var answer = try stream.initialSync(limit: 2, includesLeft: false, for: server.bob).json()
            #expect(answer["presence"] == [])
            #expect(answer["account_data"]?.arrayValue?.compactMap { $0["type"]?.stringValue } == ["org.example", "m.push_rules"])
            func room(_ id: RoomID) -> JSONValue? { answer["rooms"]?.arrayValue?.first { $0["room_id"]?.stringValue == id.string } }
            #expect(answer["rooms"]?.arrayValue?.count == 2)
            #expect(room(joined)?["membership"] == "join")
            #expect(bodies(room(joined)?["messages"]) == ["2", "3"])
            #expect(room(joined)?["account_data"]?.arrayValue?.compactMap { $0["type"]?.stringValue } == ["m.tag"])
            #expect(room(invited)?["membership"] == "invite")
            #expect(room(invited)?["invite", "sender"]?.stringValue == server.alice.userID.string)
            #expect(room(invited)?["state"] == nil)
            // What came before can be had by its start.
            let start = try #require(room(joined)?["messages", "start"]?.stringValue.flatMap { PaginationToken($0) })
            let before = try server.homeserver.rooms.messages(
                of: joined, MessagesRequest(from: start, isBackward: true, limit: 1), for: server.bob
            ).json()
            #expect(bodies(before) == ["1"])

            answer = try stream.initialSync(limit: 0, includesLeft: true, for: server.bob).json()
            #expect(room(left)?["membership"] == "leave")
            #expect(bodies(room(joined)?["messages"]) == [])
            let gone = try stream.initialSync(of: left, limit: 1, for: server.bob).json()
            #expect(bodies(gone["messages"]) == ["m.room.member"])
            // The stream goes on from there.
            let from = try token(answer)
            try await server.say("4", in: joined, by: server.alice)
            #expect(bodies(try await events(from: from, server)) == ["4"])
        }
    }

    /// Typing, receipts and presence are part of it all.
    @Test func whatPassesByIsTold() async throws {
        try await SyncServer.run { server in
            let (stream, alice, bob) = (server.homeserver.eventStream, server.alice.userID, server.bob.userID)
            let room = try await server.room(.publicChat, with: server.bob)
            let elsewhere = try await server.room(.publicChat)
            let event = try await server.homeserver.rooms.send(
                "m.room.message", ["body": "x"], to: room, transactionID: "1", by: server.alice)
            var from = try token(try await events(from: nil, server))
            func told(waiting: Bool = true) async throws -> [JSONValue] {
                let answer = try await events(from: from, timeout: waiting ? 60_000 : 0, server)
                from = try token(answer)
                return answer["chunk"]?.arrayValue ?? []
            }
            for room in [room, elsewhere] {
                try await server.homeserver.typing.set(true, of: alice, in: room, by: server.alice)
            }
            #expect(
                try await told() == [
                    ["type": "m.typing", "room_id": .string(room.string), "content": ["user_ids": [.string(alice.string)]]]
                ])
            for user in [server.alice, server.bob] {
                let markers = try ReadMarkers(type: "m.read", event: event, threadID: nil)
                try await server.homeserver.receipts.set(markers, in: room, by: user)
            }
            let receipts = try await told()
            #expect(receipts.count == 1 && receipts[0]["type"] == "m.receipt" && receipts[0]["room_id"]?.stringValue == room.string)
            for user in [alice, bob] { #expect(receipts[0]["content", event.string, "m.read", user.string] != nil) }
            try await server.homeserver.presence.set(.online, statusMessage: "here", of: alice, by: server.alice)
            let presences = try await told()
            #expect(presences.count == 1 && presences[0]["type"] == "m.presence" && presences[0]["sender"]?.stringValue == alice.string)
            #expect(presences[0]["content", "user_id"]?.stringValue == alice.string)
            #expect(presences[0]["content", "status_msg"] == "here")
            #expect(try await told(waiting: false) == [])

            let initial = try stream.initialSync(limit: 1, includesLeft: false, for: server.bob).json()
            #expect(initial["presence"]?.arrayValue?.compactMap { $0["content", "user_id"]?.stringValue } == [alice.string])
            #expect(initial["receipts"]?.arrayValue == receipts)
            let ofRoom = try stream.initialSync(of: room, limit: 1, for: server.bob).json()
            #expect(ofRoom["presence"]?.arrayValue?.compactMap { $0["content", "user_id"]?.stringValue } == [alice.string])
            #expect(ofRoom["receipts"]?.arrayValue == receipts)
            let others = try stream.initialSync(limit: 1, includesLeft: false, for: server.carol).json()
            #expect(others["presence"] == [] && others["receipts"] == [] && others["rooms"] == [])
        }
    }

    @Test func accountDataIsToldWithItsRoom() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let from = try token(try await events(from: nil, server))
            async let waiting = events(from: from, timeout: 60_000, server)
            try await server.homeserver.accounts.setTag("work", of: server.bob.userID, on: room, to: ["order": 0.5], for: server.bob)
            let tags: JSONValue = ["type": "m.tag", "content": ["tags": ["work": ["order": 0.5]]], "room_id": .string(room.string)]
            let answer = try await waiting
            #expect(answer["chunk"] == [tags])
            try await server.set("org.example", ["a": 1], of: server.alice)
            try await server.set("org.example", ["b": 1], of: server.bob)
            let next = try await events(from: token(answer), server)
            #expect(next["chunk"] == [["type": "org.example", "content": ["b": 1]]])
            #expect(try await events(from: token(next), server)["chunk"] == [])
        }
    }

    /// An initial sync of many rooms, which is made in pieces, and of what came meanwhile.
    @Test func anInitialSyncIsOfOneMoment() async throws {
        try await SyncServer.run { server in
            var rooms: [RoomID] = []
            for _ in 0..<20 { rooms.append(try await server.room(.publicChat, with: server.bob)) }
            for room in rooms { try await server.say("before", in: room, by: server.alice) }
            var pieces = try server.homeserver.eventStream.initialSync(limit: 1, includesLeft: false, for: server.bob)
            var bytes: [UInt8] = []
            while let piece = try pieces.next() {
                bytes += piece
                for room in rooms {
                    try await server.say("after", in: room, by: server.alice)
                    try await server.setTopic("after", in: room)
                }
            }
            let answer = try JSONValue(parsing: bytes)
            let told = try #require(answer["rooms"]?.arrayValue)
            #expect(told.compactMap { $0["room_id"]?.stringValue }.sorted() == rooms.map(\.string).sorted())
            #expect(told.allSatisfy { bodies($0["messages"]) == ["before"] })
            #expect(told.allSatisfy { !($0["state"]?.arrayValue ?? []).contains { $0["type"] == "m.room.topic" } })
        }
    }

    @Test func anEventIsFoundByItsID() async throws {
        try await SyncServer.run { server in
            let stream = server.homeserver.eventStream
            let room = try await server.room(.privateChat)
            let id = try await server.homeserver.rooms.send("m.room.message", ["body": "x"], to: room, transactionID: "1", by: server.alice)
            let event = try stream.event(id, for: server.alice).json()
            #expect(event["room_id"]?.stringValue == room.string)
            #expect(event["content", "body"] == "x")
            await expect(.notFound, 404) { try stream.event(id, for: server.bob) }
            await expect(.notFound, 404) { try stream.event(EventID(trusted: "$none"), for: server.alice) }
        }
    }
}
