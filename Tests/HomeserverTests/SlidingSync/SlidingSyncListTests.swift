import CanonicalJSON
import MatrixProtocol
import Testing

@testable import Homeserver

/// The lists of simplified sliding sync: which rooms they have, in which order, and what windows show of them.
@Suite struct SlidingSyncListTests {
    private func ids(_ rooms: RoomID...) -> Set<String> { Set(rooms.map(\.string)) }

    @Test func aWindowShowsTheNewestAndGrows() async throws {
        try await SyncServer.run { server in
            let first = try await server.room(.publicChat, with: server.bob)
            let second = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            let answer = try await client.sync([0...0])
            #expect(answer.roomIDs == ids(second))
            let list = try #require(answer["lists", "all"])
            #expect(list["count"] == 2)
            #expect(list["ops"] == [["op": "SYNC", "range": [0, 0], "room_ids": [.string(second.string)]]])
            let grown = try await client.sync([0...0, 1...7])
            #expect(grown.roomIDs == ids(first) && grown.room(first)?["initial"] == true)
            #expect(grown["lists", "all", "ops"]?.arrayValue?.map { $0["room_ids"]?.arrayValue?.count } == [1, 1])

            // What happens in a room brings it to the front; what happens out of sight is not told.
            try await server.say("hello", in: first, by: server.alice)
            let moved = try await client.sync([0...0])
            #expect(moved.roomIDs == ids(first) && moved.room(first)?["initial"] == nil)
            for number in 0..<2 { try await server.say("\(number)", in: second, by: server.alice) }
            for number in 0..<2 { try await server.say("\(number)", in: first, by: server.alice) }
            #expect(try await client.sync([0...0]).roomIDs == ids(first))
            #expect(try await client.sync([0...0]).roomIDs.isEmpty)
            // Back in sight, it is told what it has missed.
            let back = try await client.sync([0...1])
            #expect(back.roomIDs == ids(second) && back.room(second)?["initial"] == nil && back.bodies(second) == ["0", "1"])
        }
    }

    /// No later answer's list has a room that the user has left.
    @Test func aRoomThatIsOverIsToldOfHoweverMuchElseThereIs() async throws {
        try await SyncServer.run { server in
            let over = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            _ = try await client.sync()
            try await server.homeserver.rooms.leave(over, reason: nil, by: server.bob)
            var others: [RoomID] = []
            for _ in 0..<100 { others.append(try await server.room(.publicChat, with: server.bob)) }
            for room in others.suffix(2) {
                for _ in 0..<75 { try await server.say(String(repeating: "x", count: 60_000), in: room, by: server.alice) }
            }
            let answer = try await client.sync([0...200], limit: 100)
            #expect(answer.room(over)?["timeline"]?.arrayValue?.last?["content", "membership"] == "leave")
            // The rest is told next.
            let rest = try await client.sync([0...200], limit: 100)
            #expect(!rest.roomIDs.isEmpty && rest.roomIDs.union(answer.roomIDs) == Set((others + [over]).map(\.string)))
        }
    }

    @Test func wishesForStateAreLimited() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let client = SlidingClient(server)
            let keys = (0..<1000).map { (type: "org.example", key: "\($0)" + String(repeating: "x", count: 300)) }
            await expect(.invalidParameter, 400) { try await client.ask(client.request([], state: keys, subscribed: [room])) }
            _ = try await client.ask(client.request([], state: Array(keys.prefix(500)), subscribed: [room]))
        }
    }

    @Test func severalWishesForARoomAreJoined() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let other = try await server.room(.privateChat)
            try await server.setTopic("about", in: room)
            var client = SlidingClient(server)
            var request = client.request(limit: 1, state: [("m.room.create", "")])
            request.subscriptions[room] = RoomWishes(
                timelineLimit: 3, requiredState: RequiredState([("m.room.topic", "")], for: server.bob.userID))
            request.subscriptions[other] = RoomWishes(timelineLimit: 1)
            request.subscriptions[RoomID(trusted: "!nowhere:example.org")] = RoomWishes(timelineLimit: 1)
            let answer = try await client.sync(request)
            #expect(answer.roomIDs == ids(room))
            #expect(answer.room(room)?["timeline"]?.arrayValue?.count == 3)
            #expect(
                Set(answer.room(room)?["required_state"]?.arrayValue?.compactMap { $0["type"]?.stringValue } ?? []) == [
                    "m.room.create", "m.room.topic",
                ])
        }
    }

    @Test func aSubscribedRoomIsToldWithoutAList() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            let answer = try await client.sync(client.request([], subscribed: [room]))
            #expect(answer.roomIDs == ids(room) && answer["lists"] == nil)
            try await server.say("hello", in: room, by: server.alice)
            #expect(try await client.sync(client.request([])).roomIDs.isEmpty)
            #expect(try await client.sync(client.request([], subscribed: [room])).bodies(room) == ["hello"])
        }
    }

    @Test func aListWithoutWindowsOnlyCounts() async throws {
        try await SyncServer.run { server in
            _ = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            var request = client.request()
            request.lists["all"]?.ranges = []
            let answer = try await client.sync(request)
            #expect(answer.roomIDs.isEmpty && answer["lists", "all"] == ["count": 1, "ops": []])
            request.position = client.position
            request.lists["all"]?.ranges = [5...9]
            #expect(try await client.sync(request)["lists", "all", "ops"] == [["op": "SYNC", "range": [5, 9], "room_ids": []]])
        }
    }

    @Test func filters() async throws {
        try await SyncServer.run { server in
            let plain = try await server.room(.publicChat, with: server.bob)
            let encrypted = try await server.room(.publicChat, with: server.bob)
            _ = try await server.homeserver.rooms.setState(
                .encryption, ["algorithm": "m.megolm.v1.aes-sha2"], in: encrypted, by: server.alice)
            var request = CreateRoomRequest()
            request.creationContent = ["type": "m.space"]
            request.invite = [server.bob.userID]
            let space = try await server.homeserver.rooms.create(request, by: server.alice)
            try await server.set("m.direct", ["@alice:example.org": [.string(plain.string)]], of: server.bob)
            try await server.homeserver.accounts.setTag("u.work", of: server.bob.userID, on: encrypted, to: [:], for: server.bob)

            func filtered(_ change: (inout RoomListFilter) -> Void) async throws -> Set<String> {
                var filter = RoomListFilter()
                change(&filter)
                let client = SlidingClient(server)
                return try await client.ask(client.request(filter: filter)).roomIDs
            }
            #expect(try await filtered { _ in } == ids(plain, encrypted, space))
            #expect(try await filtered { $0.isDirect = true } == ids(plain))
            #expect(try await filtered { $0.isDirect = false } == ids(encrypted, space))
            #expect(try await filtered { $0.isEncrypted = true } == ids(encrypted))
            #expect(try await filtered { $0.isEncrypted = false } == ids(plain, space))
            #expect(try await filtered { $0.isInvite = true } == ids(space))
            #expect(try await filtered { $0.isInvite = false } == ids(plain, encrypted))
            #expect(try await filtered { $0.roomTypes = ["m.space"] } == ids(space))
            #expect(try await filtered { $0.roomTypes = [nil] } == ids(plain, encrypted))
            #expect(try await filtered { $0.notRoomTypes = ["m.space"] } == ids(plain, encrypted))
            #expect(try await filtered { ($0.roomTypes, $0.notRoomTypes) = ([nil], [nil]) }.isEmpty)
            #expect(try await filtered { $0.tags = ["u.work"] } == ids(encrypted))
            #expect(try await filtered { $0.notTags = ["u.work"] } == ids(plain, space))
            #expect(try await filtered { ($0.tags, $0.isDirect) = (["u.work"], true) }.isEmpty)
        }
    }

    @Test func directRoomsAreMarked() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let other = try await server.room(.publicChat, with: server.bob)
            try await server.set("m.direct", ["@alice:example.org": [.string(room.string)]], of: server.bob)
            var client = SlidingClient(server)
            let answer = try await client.sync()
            #expect(answer.room(room)?["is_dm"] == true && answer.room(other)?["is_dm"] == nil)
        }
    }

    @Test func invitesByIgnoredUsersDoNotAppear() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.privateChat)
            try await server.homeserver.rooms.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            try await server.set("m.ignored_user_list", ["ignored_users": ["@alice:example.org": [:]]], of: server.bob)
            var client = SlidingClient(server)
            let answer = try await client.sync(client.request(subscribed: [room]))
            #expect(answer.roomIDs.isEmpty && answer["lists", "all", "count"] == 0)
        }
    }

    @Test func manyRoomsAreToldInSeveralPieces() async throws {
        try await SyncServer.run { server in
            var rooms: Set<String> = []
            for _ in 0..<60 { rooms.insert(try await server.room(.publicChat, with: server.bob).string) }
            var client = SlidingClient(server)
            #expect(try await client.sync(limit: 1).roomIDs == rooms)
            #expect(try await client.sync(limit: 1).roomIDs.isEmpty)
        }
    }
}
