import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "Filtering": what filters do to sections of a sync that no other suite looks at.
@Suite struct SyncFilterTests {
    private func timeline(_ answer: JSONValue, _ room: RoomID) -> [JSONValue] {
        answer["rooms", "join", room.string, "timeline", "events"]?.arrayValue ?? []
    }

    @Test func limits() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            for number in 0..<120 { try await server.say("\(number)", in: room, by: server.alice) }
            for (limit, count) in [(nil, 10), (0, 0), (1, 1), (100, 100), (101, 100), (Int64.max, 100)] as [(Int64?, Int)] {
                let settings: JSONObject = limit.map { ["limit": .integer($0)] } ?? [:]
                let answer = try await server.sync(filter: ["room": ["timeline": .object(settings)]]).answer
                #expect(timeline(answer, room).count == count)
                #expect(answer["rooms", "join", room.string, "timeline", "limited"] == true)
                #expect(answer["rooms", "join", room.string, "timeline", "prev_batch"] != nil)
            }
        }
    }

    @Test func urls() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            for content in [["n": 1, "url": "mxc://example.org/a"], ["n": 2], ["n": 3, "url": 5]] as [JSONObject] {
                _ = try await server.homeserver.rooms.send(
                    "org.example", content, to: room, transactionID: "\(content)", by: server.alice)
            }
            for (contains, numbers) in [(true, [1, 3]), (false, [2])] as [(Bool, [JSONValue])] {
                let filter: JSONObject = ["room": ["timeline": ["contains_url": .bool(contains), "types": ["org.example"]]]]
                let answer = try await server.sync(filter: filter).answer
                #expect(timeline(answer, room).compactMap { $0["content", "n"] } == numbers)
            }
        }
    }

    @Test func stateBySenderAndRoom() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            func state(_ filter: JSONObject) async throws -> Set<String> {
                let answer = try await server.sync(filter: ["room": ["state": .object(filter), "timeline": ["limit": 0]]]).answer
                let events = answer["rooms", "join", room.string, "state", "events"]?.arrayValue ?? []
                return Set(events.compactMap { $0["sender"]?.stringValue })
            }
            let (alice, bob) = (server.alice.userID.string, server.bob.userID.string)
            #expect(try await state([:]) == [alice, bob])
            #expect(try await state(["senders": [.string(bob)]]) == [bob])
            #expect(try await state(["not_senders": [.string(bob)]]) == [alice])
            #expect(try await state(["senders": [.string(bob)], "not_senders": [.string(bob)]]) == [])
            #expect(try await state(["senders": []]) == [])
            #expect(try await state(["not_rooms": [.string(room.string)]]) == [])
            #expect(try await state(["rooms": [.string(room.string)], "not_types": ["m.room.m*"]]) == [alice])
        }
    }

    @Test func receiptsByTypeAndRoom() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let event = try await server.homeserver.rooms.send("org.example", [:], to: room, transactionID: "1", by: server.alice)
            let (_, since) = try await server.sync()
            try await server.homeserver.receipts.set(
                ReadMarkers(type: "m.read", event: event, threadID: nil), in: room, by: server.alice)
            for (filter, isTold) in [
                ([:], true), (["types": ["m.receipt"]], true), (["types": ["m.r*"], "not_types": ["m.receipt"]], false),
                (["types": ["m.typing"]], false), (["not_rooms": [.string(room.string)]], false), (["rooms": [.string(room.string)]], true),
            ] as [(JSONObject, Bool)] {
                let answer = try await server.sync(since: since, filter: ["room": ["ephemeral": .object(filter)]]).answer
                #expect((answer.ephemeral("m.receipt", in: room) != nil) == isTold)
            }
        }
    }

    /// What the room's filter leaves out is left out whatever the sections' filters say, invites and left rooms included.
    @Test func theRoomsFilterComesFirst() async throws {
        try await SyncServer.run { server in
            let (joined, left) = (
                try await server.room(.publicChat, with: server.bob), try await server.room(.publicChat, with: server.bob)
            )
            try await server.homeserver.rooms.leave(left, reason: nil, by: server.bob)
            let invited = try await server.room(.privateChat)
            try await server.homeserver.rooms.invite(server.bob.userID, to: invited, reason: nil, by: server.alice)
            for (room, section) in [(joined, "join"), (left, "leave"), (invited, "invite")] {
                let id = JSONValue.string(room.string)
                let only = try await server.sync(
                    filter: ["room": ["rooms": [id], "include_leave": true, "timeline": ["not_rooms": [id]]]]
                ).answer["rooms"]
                #expect(only?.objectValue?.count == 1 && only?[section, room.string] != nil && only?[section]?.objectValue?.count == 1)
                let others = try await server.sync(filter: ["room": ["not_rooms": [id], "rooms": [id], "include_leave": true]]).answer
                #expect(others["rooms"] == nil)
            }
        }
    }

    /// State that the filter leaves out is no reason to answer.
    @Test func stateThatIsNotWantedIsNoNews() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await server.setTopic("news", in: room)
            for (types, isTold) in [([], false), (["m.room.name"], false), (["m.room.topic"], true)] as [([JSONValue], Bool)] {
                let filter: JSONObject = ["room": ["timeline": ["types": ["m.room.message"]], "state": ["types": .array(types)]]]
                let answer = try await server.sync(since: since, filter: filter).answer
                #expect((answer["rooms"] != nil) == isTold)
                // Who wants the full state is told of every room.
                let full = SyncRequest(since: since, isFullState: true, filter: try SyncFilter(checking: filter))
                let whole = try await server.homeserver.sync.sync(full, for: server.bob).json()
                #expect(whole["rooms", "join", room.string] != nil)
            }
        }
    }

    /// Account data has no sender.
    @Test func accountDataBySender() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            try await server.set("org.example", ["a": 1], of: server.bob)
            try await server.homeserver.accounts.setTag("work", of: server.bob.userID, on: room, to: [:], for: server.bob)
            for (filter, isTold) in [
                (["senders": []], false), (["senders": [.string(server.bob.userID.string)]], false),
                (["not_senders": [.string(server.bob.userID.string)]], true),
            ] as [(JSONObject, Bool)] {
                let answer = try await server.sync(
                    filter: ["account_data": .object(filter), "room": ["account_data": .object(filter)]]
                ).answer
                #expect((answer["account_data"] != nil) == isTold)
                let tags = try #require(answer["rooms", "join", room.string, "account_data", "events"]?.arrayValue)
                #expect(tags.isEmpty != isTold)
            }
        }
    }
}
