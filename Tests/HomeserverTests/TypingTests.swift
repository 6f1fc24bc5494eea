import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import StoreTestSupport
import TestSupport
import Testing

/// "Typing Notifications", on a virtual clock.
@Suite struct TypingTests {
    /// Has somebody type, or stop, until everybody can see it.
    private static func type(
        _ isTyping: Bool, for milliseconds: Int64? = nil, in room: RoomID, by user: Requester, on server: VirtualServer
    ) async throws {
        try await server.homeserver.typing.set(isTyping, of: user.userID, in: room, timeoutMilliseconds: milliseconds, by: user)
        try await server.settle()
    }

    private static func typing(_ answer: JSONValue, _ room: RoomID) -> [String]? {
        answer.ephemeral("m.typing", in: room)?["user_ids"]?.strings
    }

    @Test func whoTypesIsToldAndWhoStops() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            var next = try await server.sync(by: server.bob).next
            var answer: JSONValue
            try await Self.type(true, in: room, by: server.alice, on: server)
            (answer, next) = try await server.sync(since: next, by: server.bob)
            #expect(Self.typing(answer, room) == ["@alice:example.org"])
            #expect(Self.typing(try await server.sync(by: server.bob).answer, room) == ["@alice:example.org"])
            try await Self.type(true, in: room, by: server.bob, on: server)
            (answer, next) = try await server.sync(since: next, by: server.bob)
            #expect(Self.typing(answer, room) == ["@alice:example.org", "@bob:example.org"])
            try await Self.type(false, in: room, by: server.alice, on: server)
            try await Self.type(false, in: room, by: server.bob, on: server)
            (answer, next) = try await server.sync(since: next, by: server.bob)
            #expect(Self.typing(answer, room) == [])
            // In an initial sync nobody types of whom nothing is said.
            #expect(Self.typing(try await server.sync(by: server.bob).answer, room) == nil)
            #expect(try await server.sync(since: next, by: server.bob).answer["rooms"] == nil)
        }
    }

    @Test func typingEndsAtItsTime() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let next = try await server.sync(by: server.bob).next
            try await Self.type(true, for: 10_000, in: room, by: server.alice, on: server)
            let began = try await server.sync(since: next, by: server.bob)
            #expect(Self.typing(began.answer, room) == ["@alice:example.org"])
            let start = server.clock.now()
            let ended = try await server.sync(since: began.next, timeout: 60_000, by: server.bob)
            #expect(Self.typing(ended.answer, room) == [])
            #expect((9000...11_000).contains(server.clock.now() - start))
        }
    }

    @Test func whoTypesOnMakesNobodyRead() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            try await Self.type(true, for: 10_000, in: room, by: server.alice, on: server)
            let next = try await server.sync(by: server.bob).next
            for _ in 0..<5 {
                try await server.wait(5000)
                try await Self.type(true, for: 10_000, in: room, by: server.alice, on: server)
            }
            #expect(try await server.sync(since: next, by: server.bob).answer["rooms"] == nil)
            try await server.wait(11_000)
            #expect(Self.typing(try await server.sync(since: next, by: server.bob).answer, room) == [])
        }
    }

    @Test(arguments: [(nil, 30_000), (1_000_000, 120_000), (-5, 0)] as [(Int64?, Int64)])
    func timesAreLimited(asked: Int64?, given: Int64) throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let next = try await server.sync(by: server.bob).next
            try await server.homeserver.typing.set(true, of: server.alice.userID, in: room, timeoutMilliseconds: asked, by: server.alice)
            let start = server.clock.now()
            try await server.wait(given + 200)
            #expect(Self.typing(try await server.sync(by: server.bob).answer, room) == nil)
            #expect(server.clock.now() - start >= given)
            if given > 1000 {
                #expect(Self.typing(try await server.sync(since: next, by: server.bob).answer, room) == [])
            }
        }
    }

    @Test func whoLeavesTypesNoLonger() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            try await Self.type(true, in: room, by: server.bob, on: server)
            let next = try await server.sync(by: server.alice).next
            try await server.rooms.leave(room, reason: nil, by: server.bob)
            try await server.settle()
            #expect(Self.typing(try await server.sync(since: next, by: server.alice).answer, room) == [])
        }
    }

    @Test func afterARestartNobodyTypes() throws {
        let directory = try TemporaryDirectory()
        let clock = VirtualClock()
        let (room, next) = try VirtualServer.run(on: directory, clock: clock) { server in
            let room = try await server.room()
            try await Self.type(true, in: room, by: server.alice, on: server)
            return (room, try await server.sync(by: server.bob).next)
        }
        try VirtualServer.run(on: directory, clock: clock) { server in
            try await server.settle()
            #expect(Self.typing(try await server.sync(since: next, by: server.bob).answer, room) == [])
        }
    }

    @Test func strangersAndOthersAreRefused() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let stranger = Requester(userID: UserID(trusted: "@stranger:example.org"), deviceID: "S")
            let typing = server.homeserver.typing
            await expect(.forbidden, 403) { try await typing.set(true, of: server.alice.userID, in: room, by: server.bob) }
            await expect(.forbidden, 403) { try await typing.set(true, of: stranger.userID, in: room, by: stranger) }
            let nowhere = RoomID(trusted: "!nowhere:example.org")
            await expect(.forbidden, 403) { try await typing.set(true, of: server.alice.userID, in: nowhere, by: server.alice) }
        }
    }

    @Test func ignoredUsersAndUnwantedTypesAreLeftOut() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            try await Self.type(true, in: room, by: server.alice, on: server)
            try await Self.type(true, in: room, by: server.bob, on: server)
            let ephemeral: [JSONObject] = [
                ["types": ["m.receipt"]], ["not_types": ["m.*"]], ["not_rooms": [.string(room.string)]],
                ["senders": ["@alice:example.org"]],
            ]
            for filter in ephemeral {
                let answer = try await server.sync(filter: ["room": ["ephemeral": .object(filter)]], by: server.bob).answer
                #expect(Self.typing(answer, room) == nil)
            }
            try await server.homeserver.accounts.setAccountData(
                of: server.bob.userID, in: nil, type: "m.ignored_user_list",
                to: JSONObject(dictionaryLiteral: ("ignored_users", ["@alice:example.org": [:]])).encoded(), for: server.bob)
            #expect(Self.typing(try await server.sync(by: server.bob).answer, room) == ["@bob:example.org"])
        }
    }
}
