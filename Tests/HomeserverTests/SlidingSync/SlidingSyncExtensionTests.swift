import CanonicalJSON
import MatrixProtocol
import Store
import Testing

@testable import Homeserver

/// What simplified sliding sync tells beside rooms.
@Suite struct SlidingSyncExtensionTests {
    private func request(_ client: SlidingClient, _ change: (inout SlidingSyncExtensions) -> Void) -> SlidingSyncRequest {
        var request = client.request([])
        change(&request.extensions)
        return request
    }

    private func send(_ text: String, _ server: SyncServer) async throws {
        let contents: JSONObject = [server.bob.userID.string: ["BOB": ["body": .string(text)]]]
        try await server.homeserver.toDeviceMessages.send(
            ToDeviceRequest(type: "org.example", transactionID: text, contents), by: server.alice)
    }

    @Test func messagesToTheDeviceHaveATokenOfTheirOwn() async throws {
        try await SyncServer.run { server in
            try await server.enter(server.bob)
            for number in 0..<3 { try await send("\(number)", server) }
            var client = SlidingClient(server)
            func messages(since: String? = nil, limit: Int = 100) async throws -> (bodies: [String], next: String) {
                let answer = try await client.sync(request(client) { $0.toDevice = .init(since: since, limit: limit) })
                let messages = try #require(answer["extensions", "to_device"])
                return (
                    messages["events"]?.arrayValue?.compactMap { $0["content", "body"]?.stringValue } ?? [],
                    try #require(messages["next_batch"]?.stringValue)
                )
            }
            let first = try await messages(limit: 2)
            #expect(first.bodies == ["0", "1"])
            // Whoever has no token yet gets them again.
            let again = try await messages(limit: 2)
            #expect(again.bodies == ["0", "1"])
            let second = try await messages(since: first.next)
            #expect(second.bodies == ["2"])
            // The token shows that the messages before it have come; they are gone.
            try await send("3", server)
            let rest = try await messages()
            #expect(rest.bodies == ["2", "3"])
            let last = try await messages(since: second.next)
            #expect(last.bodies == ["3"])
            // Another connection of the device goes on from there.
            client = SlidingClient(server, connectionID: "other")
            let other = try await messages(since: second.next)
            #expect(other.bodies == ["3"])
            await #expect(throws: MatrixError.self) { try await messages(since: "x") }
        }
    }

    @Test func encryption() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            _ = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            let first = try await client.sync(request(client) { $0.wantsEncryption = true })
            #expect(
                first["extensions", "e2ee"]
                    == ["device_one_time_keys_count": ["signed_curve25519": 0], "device_unused_fallback_key_types": []])
            try await server.homeserver.accounts.rename("ALICE", to: "Phone", for: server.alice)
            let second = try await client.sync(request(client) { $0.wantsEncryption = true })
            #expect(second["extensions", "e2ee", "device_lists", "changed"] == [.string(server.alice.userID.string)])
            #expect(try await client.sync(request(client) { $0.wantsEncryption = true })["extensions", "e2ee", "device_lists"] == nil)
            #expect(try await client.sync(client.request([]))["extensions"] == [:])
        }
    }

    @Test func accountData() async throws {
        try await SyncServer.run { server in
            let (room, other) = (try await server.room(.publicChat, with: server.bob), try await server.room(.publicChat, with: server.bob))
            try await server.set("org.example", ["n": 1], of: server.bob)
            func tag(_ tag: String, _ room: RoomID) async throws {
                try await server.homeserver.accounts.setTag(tag, of: server.bob.userID, on: room, to: [:], for: server.bob)
            }
            try await tag("a", room)
            try await tag("a", other)
            var client = SlidingClient(server)
            func sync(_ rooms: RoomID..., selection: SlidingSyncExtensions.RoomSelection? = .init()) async throws -> JSONValue {
                var request = client.request([], subscribed: rooms)
                request.extensions.accountData = selection
                let told = try await client.sync(request)["extensions", "account_data"]
                guard let told, let global = told["global"]?.arrayValue else { return .null }
                return ["global": .array(global.filter { $0["type"] != "m.push_rules" }), "rooms": told["rooms"] ?? .null]
            }
            let entry: JSONValue = ["type": "org.example", "content": ["n": 1]]
            let tagged: JSONValue = [["type": "m.tag", "content": ["tags": ["a": [:]]]]]
            #expect(try await sync(room) == ["global": [entry], "rooms": .object([room.string: tagged])])
            #expect(try await sync(room) == ["global": [], "rooms": [:]])
            #expect(try await sync(room, other) == ["global": [], "rooms": .object([other.string: tagged])])
            // What changes while nobody looks is told later.
            try await tag("b", room)
            #expect(try await sync(other) == ["global": [], "rooms": [:]])
            try await tag("b", other)
            #expect(try await sync(room, other, selection: nil) == .null)
            #expect(try await sync(room, other, selection: .init(rooms: [])) == ["global": [], "rooms": [:]])
            let both: JSONValue = [["type": "m.tag", "content": ["tags": ["a": [:], "b": [:]]]]]
            #expect(try await sync(room, other, selection: .init(rooms: [room])) == ["global": [], "rooms": .object([room.string: both])])
            #expect(try await sync(room, other) == ["global": [], "rooms": .object([other.string: both])])
        }
    }

    @Test func receipts() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob, server.carol)
            var messages: [EventID] = []
            for number in 0..<3 {
                messages.append(
                    try await server.homeserver.rooms.send(
                        "m.room.message", ["body": .string("\(number)")], to: room, transactionID: "\(number)", by: server.alice))
            }
            func read(_ index: Int, by user: Requester, _ type: String = "m.read", thread: JSONValue? = nil) async throws {
                let markers = try ReadMarkers(type: type, event: messages[index], threadID: thread)
                try await server.homeserver.receipts.set(markers, in: room, by: user)
            }
            var client = SlidingClient(server)
            /// Who has read what, by event, type and user.
            func sync(limit: Int = 1, isLooking: Bool = true, isWanted: Bool = true) async throws -> Set<String>? {
                var request = client.request([], limit: limit, subscribed: isLooking ? [room] : [])
                request.extensions.receipts = isWanted ? .init() : nil
                let rooms = try await client.sync(request)["extensions", "receipts", "rooms"]?.objectValue
                guard let event = rooms?[room.string] else { return rooms.map { _ in [] } }
                #expect(event["type"] == "m.receipt")
                var told: Set<String> = []
                for (id, types) in event["content"]?.objectValue ?? [:] {
                    let index = try #require(messages.firstIndex { $0.string == id })
                    for (type, users) in types.objectValue ?? [:] {
                        for user in users.objectValue.map({ Array($0.keys) }) ?? [] { told.insert("\(index) \(type) \(user)") }
                    }
                }
                return told
            }
            try await read(0, by: server.carol)
            try await read(2, by: server.alice)
            try await read(1, by: server.bob)
            try await read(2, by: server.carol, "m.read.private")
            // At first one's own, and those on the events of the timeline.
            #expect(try await sync() == ["1 m.read \(server.bob.userID)", "2 m.read \(server.alice.userID)"])
            #expect(try await sync() == [])
            try await read(1, by: server.carol)
            try await read(2, by: server.bob, "m.read.private")
            #expect(try await sync() == ["1 m.read \(server.carol.userID)", "2 m.read.private \(server.bob.userID)"])
            // What is set while nobody looks is told later.
            try await read(2, by: server.carol, thread: "main")
            #expect(try await sync(isLooking: false) == [])
            #expect(try await sync() == ["2 m.read \(server.carol.userID)"])
            // Who is told of the room again without them begins anew.
            try await read(2, by: server.bob, thread: "main")
            #expect(try await sync(isLooking: false) == [])
            #expect(try await sync(isWanted: false) == nil)
            #expect(try await sync()?.contains("2 m.read \(server.bob.userID)") == true)
            try await read(2, by: server.bob)
            #expect(try await sync(isWanted: false) == nil)
            #expect(try await sync()?.isSuperset(of: ["2 m.read \(server.bob.userID)", "2 m.read.private \(server.bob.userID)"]) == true)
            #expect(try await sync() == [])
            // Older events come with their receipts; and what is new is told, wherever it stands.
            try await read(0, by: server.alice, thread: "main")
            #expect(
                try await sync(limit: 2)?.isSuperset(of: ["0 m.read \(server.alice.userID)", "1 m.read \(server.carol.userID)"]) == true)
            #expect(try await sync(limit: 2) == [])
        }
    }

    @Test func typing() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            func type(_ isTyping: Bool) async throws {
                try await server.homeserver.typing.set(
                    isTyping, of: server.alice.userID, in: room, timeoutMilliseconds: 120_000, by: server.alice)
            }
            func sync(isLooking: Bool = true, timeout: Int64 = 0) async throws -> JSONValue? {
                var request = client.request([], subscribed: isLooking ? [room] : [])
                request.extensions.typing = .init()
                request.timeoutMilliseconds = timeout
                let rooms = try await client.sync(request)["extensions", "typing", "rooms"]?.objectValue
                return try #require(rooms)[room.string]
            }
            #expect(try await sync() == nil)
            try await type(true)
            #expect(try await sync(timeout: 600_000) == ["type": "m.typing", "content": ["user_ids": ["@alice:example.org"]]])
            #expect(try await sync() == nil)
            var other = SlidingClient(server, connectionID: "other")
            var request = other.request(limit: 0)
            request.extensions.typing = .init(lists: ["none"])
            #expect(try await other.sync(request)["extensions", "typing", "rooms"] == [:])
            let selections: [(SlidingSyncExtensions.RoomSelection, isTold: Bool)] = [
                (.init(), true), (.init(lists: [], rooms: [room]), true), (.init(lists: []), false),
                (.init(lists: [], rooms: [RoomID(trusted: "!other")]), false),
            ]
            for (selection, isTold) in selections {
                other.position = nil
                request.extensions.typing = selection
                let told = try await other.sync(request)["extensions", "typing", "rooms"]?.objectValue
                #expect(told?.keys.map { $0 } == (isTold ? [room.string] : []))
            }
            try await type(false)
            #expect(try await sync(timeout: 600_000) == ["type": "m.typing", "content": ["user_ids": []]])
        }
    }

    @Test func unreadEventsAreCounted() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            func unread() async throws -> [Int64?] {
                let told = try await client.sync().room(room)
                return [told?["notification_count"]?.integerValue, told?["highlight_count"]?.integerValue]
            }
            #expect(try await unread() == [0, 0])
            try await server.say("hello", in: room, by: server.alice)
            let last = try await server.homeserver.rooms.send(
                "m.room.message", ["body": "Bob?", "m.mentions": ["user_ids": ["@bob:example.org"]]], to: room, transactionID: "m",
                by: server.alice)
            #expect(try await unread() == [2, 1])
            #expect(try await unread() == [nil, nil])
            // To read on is news, though nothing else happens.
            try await server.homeserver.receipts.set(ReadMarkers(type: "m.read", event: last, threadID: nil), in: room, by: server.bob)
            #expect(try await unread() == [0, 0])
        }
    }

    /// With more subscriptions than an answer has room for, the latest are told, and the others lie between two tokens.
    @Test func olderThreadSubscriptionsAreFetched() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            let before = try await client.sync(request(client) { $0.threadSubscriptions = .init() })
            let pos = try #require(before["pos"]?.stringValue.flatMap(SlidingSyncPosition.init(_:)))
            var roots: [String] = []
            for number in 0..<4 {
                let root = try await server.homeserver.rooms.send(
                    "m.room.message", [:], to: room, transactionID: "\(number)", by: server.alice)
                try await server.homeserver.rooms.subscribe(to: root, in: room, by: server.bob)
                roots.append(root.string)
            }
            let told = try await client.sync(request(client) { $0.threadSubscriptions = .init(limit: 1) })[
                "extensions", "io.element.msc4308.thread_subscriptions"]
            #expect(told?["subscribed", room.string]?.objectValue.map { Array($0.keys) } == [roots[3]])
            let from = try #require(told?["prev_batch"]?.stringValue.flatMap(PaginationToken.init(_:)))
            func older(_ from: PaginationToken, limit: Int) throws -> JSONObject {
                try server.homeserver.rooms.threadSubscriptions(
                    of: server.bob, from: from, to: PaginationToken(pos.token.rooms.position), limit: limit)
            }
            let first = try older(from, limit: 2)
            #expect(Set(first["subscribed"]?[room.string]?.objectValue?.keys ?? []) == Set(roots[1...2]))
            let end = try #require(first["end"]?.stringValue.flatMap(PaginationToken.init(_:)))
            let last = try older(end, limit: 2)
            #expect(Set(last["subscribed"]?[room.string]?.objectValue?.keys ?? []) == [roots[0]] && last["end"] == nil)
        }
    }

    @Test func threadSubscriptions() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let root = try await server.homeserver.rooms.send("m.room.message", [:], to: room, transactionID: "t", by: server.alice)
            var client = SlidingClient(server)
            func sync() async throws -> JSONValue? {
                try await client.sync(request(client) { $0.threadSubscriptions = .init() })[
                    "extensions", "io.element.msc4308.thread_subscriptions"]
            }
            #expect(try await sync() == nil)
            try await server.homeserver.rooms.subscribe(to: root, in: room, by: server.bob)
            let subscribed = try await sync()
            #expect(subscribed?["subscribed", room.string, root.string, "automatic"] == false && subscribed?["unsubscribed"] == nil)
            #expect(try await sync() == nil)
            try await server.homeserver.rooms.unsubscribe(from: root, in: room, by: server.bob)
            #expect(try await sync()?["unsubscribed", room.string, root.string, "bump_stamp"] != nil)
        }
    }
}
