import CanonicalJSON
import MatrixProtocol
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
            func bodies(_ answer: JSONValue) -> [String] {
                answer["extensions", "to_device", "events"]?.arrayValue?.compactMap { $0["content", "body"]?.stringValue } ?? []
            }
            let first = try await client.sync(request(client) { $0.toDevice = .init(limit: 2) })
            #expect(bodies(first) == ["0", "1"])
            // Whoever has no token yet gets them again.
            #expect(try await bodies(client.sync(request(client) { $0.toDevice = .init(limit: 2) })) == ["0", "1"])
            let token = first["extensions", "to_device", "next_batch"]?.stringValue
            let second = try await client.sync(request(client) { $0.toDevice = .init(since: token) })
            #expect(bodies(second) == ["2"])
            let last = second["extensions", "to_device", "next_batch"]?.stringValue
            // The token shows that the messages before it have come; they are gone.
            try await send("3", server)
            #expect(try await bodies(client.ask(request(client) { $0.toDevice = .init() })) == ["2", "3"])
            let next = try await client.sync(request(client) { $0.toDevice = .init(since: last) })
            #expect(bodies(next) == ["3"] && next["extensions", "to_device", "next_batch"]?.stringValue != nil)
            // Another connection of the device goes on from there.
            var other = SlidingClient(server, connectionID: "other")
            #expect(try await bodies(other.sync(request(other) { $0.toDevice = .init(since: last) })) == ["3"])
            let broken = client
            await #expect(throws: MatrixError.self) { try await broken.ask(request(broken) { $0.toDevice = .init(since: "x") }) }
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
                let answer = try await client.sync(request)
                return answer["extensions", "account_data"] ?? .null
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
