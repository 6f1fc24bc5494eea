import CanonicalJSON
import Homeserver
import MatrixProtocol
import RocksDB
import RoomsDatabase
import Store
import StoreTestSupport
import TestSupport
import Testing
import TransitoryDatabase

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

    /// Longer than the room's stream was ever kept without a change.
    @Test func whoTypesForHoursStopsToo() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            try await Self.type(true, for: 120_000, in: room, by: server.alice, on: server)
            for _ in 0..<100 {
                try await server.wait(60_000)
                try await Self.type(true, for: 120_000, in: room, by: server.alice, on: server)
            }
            let (answer, next) = try await server.sync(by: server.bob)
            #expect(Self.typing(answer, room) == ["@alice:example.org"])
            try await Self.type(false, in: room, by: server.alice, on: server)
            #expect(Self.typing(try await server.sync(since: next, by: server.bob).answer, room) == [])
        }
    }

    /// More rooms than one commit tells of.
    @Test func afterARestartNobodyTypesInManyRooms() async throws {
        let directory = try TemporaryDirectory()
        try VirtualServer.run(on: directory) { _ in }
        let rooms = (1...800).map { ShortRoomID(number: $0).scope }
        try await withTransitory(in: directory) { database in
            for start in stride(from: 0, to: rooms.count, by: 100) {
                try await database.tellTyping(in: Array(rooms[start..<start + 100])) { _ in [UserID(trusted: "@alice:example.org")] }
            }
        }
        try VirtualServer.run(on: directory) { try await $0.settle() }
        try await withTransitory(in: directory) { database in
            let left = try database.roomsWithTyping()
            #expect(left.isEmpty)
        }
    }

    private func withTransitory(in directory: TemporaryDirectory, _ body: (TransitoryDatabase) async throws -> Void) async throws {
        let environment = Environment(clock: TestClock(), random: SystemRandom(), executors: ThreadExecutors())
        let database = try TransitoryDatabase(
            directory: directory.path + "/transitory", serverName: ServerName(trusted: "example.org"),
            blockCache: BlockCache(capacityBytes: 1 << 20), environment: environment, notifier: Notifier())
        try await body(database)
        database.close()
    }

    @Test func nobodyTypesTooOften() throws {
        var rates = RateLimits()
        rates.ephemeral = RateLimits.Rate(burst: 2, perSecond: 1)
        try VirtualServer.run(rateLimits: rates) { server in
            let room = try await server.room()
            for isTyping in [true, false] { try await Self.type(isTyping, in: room, by: server.alice, on: server) }
            await expect(.limitExceeded, 429) { try await Self.type(true, in: room, by: server.alice, on: server) }
            try await Self.type(true, in: room, by: server.bob, on: server)
            // Receipts count for themselves.
            let event = try await server.rooms.send("m.room.message", ["body": "a"], to: room, transactionID: "1", by: server.alice)
            let markers = try ReadMarkers(type: "m.read", event: event, threadID: nil)
            for _ in 0..<2 { try await server.homeserver.receipts.set(markers, in: room, by: server.alice) }
            await expect(.limitExceeded, 429) { try await server.homeserver.receipts.set(markers, in: room, by: server.alice) }
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

    @Test func ignoredUsersAreNoReasonToAnswer() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let ignored: JSONObject = ["ignored_users": [server.alice.userID.string: [:]]]
            try await server.homeserver.accounts.setAccountData(
                of: server.bob.userID, in: nil, type: "m.ignored_user_list", to: ignored.encoded(), for: server.bob)
            let carol = Requester(userID: UserID(trusted: "@carol:example.org"), deviceID: "CAROL")
            try await server.rooms.join(room, content: [:], by: carol)
            let next = try await server.sync(by: server.bob).next
            try await Self.type(true, in: room, by: server.alice, on: server)
            #expect(try await server.sync(since: next, by: server.bob).answer["rooms"] == nil)
            let stream = server.homeserver.eventStream
            let answer = try await stream.events(from: next, of: nil, timeoutMilliseconds: 0, for: server.bob).json()
            #expect(answer["chunk"] == [])
            // Beside what is news nobody is typing.
            _ = try await server.rooms.send("org.example", [:], to: room, transactionID: "1", by: carol)
            #expect(Self.typing(try await server.sync(since: next, by: server.bob).answer, room) == [])
            try await Self.type(true, in: room, by: carol, on: server)
            #expect(Self.typing(try await server.sync(since: next, by: server.bob).answer, room) == [carol.userID.string])
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
