import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// Which threads users follow (MSC4306, MSC4308).
@Suite struct RoomsThreadSubscriptionsTests {
    /// A room of Alice's and Bob's with a thread.
    private struct Thread {
        let fixture: RoomsFixture
        let room: RoomID
        let root: EventID

        init(_ preset: CreateRoomRequest.Preset = .publicChat) async throws {
            fixture = try await RoomsFixture()
            room = try await fixture.room(preset, with: fixture.bob)
            root = try await fixture.say("root", in: room, by: fixture.alice)
        }

        var bob: Requester { fixture.bob }

        func reply(_ relation: String = "m.thread") async throws -> EventID {
            let content: JSONObject = ["body": "reply", "m.relates_to": ["rel_type": .string(relation), "event_id": .string(root.string)]]
            return try await fixture.rooms.send(
                "m.room.message", content, to: room, transactionID: SystemRandom().alphanumeric(10), by: fixture.alice)
        }

        func subscribe(becauseOf cause: EventID? = nil) async throws {
            try await fixture.rooms.subscribe(to: root, in: room, becauseOf: cause, by: bob)
        }

        func unsubscribe() async throws {
            try await fixture.rooms.unsubscribe(from: root, in: room, by: bob)
        }

        /// Whether Bob's subscription is automatic; nil if there is none.
        func isAutomatic() throws -> Bool? {
            do {
                return try fixture.rooms.threadSubscription(to: root, in: room, of: bob)["automatic"]?.boolValue
            } catch let error as MatrixError where error.code == .notFound {
                return nil
            }
        }
    }

    @Test func byHand() async throws {
        let thread = try await Thread()
        #expect(try thread.isAutomatic() == nil)
        try await thread.unsubscribe()
        try await thread.subscribe()
        #expect(try thread.isAutomatic() == false)
        await expect(.notFound, 404) {
            try thread.fixture.rooms.threadSubscription(to: thread.root, in: thread.room, of: thread.fixture.alice)
        }
        try await thread.subscribe(becauseOf: thread.reply())
        #expect(try thread.isAutomatic() == false)
        try await thread.unsubscribe()
        #expect(try thread.isAutomatic() == nil)
        try await thread.unsubscribe()
    }

    @Test func automatic() async throws {
        let thread = try await Thread()
        let reply = try await thread.reply()
        try await thread.subscribe(becauseOf: reply)
        #expect(try thread.isAutomatic() == true)
        try await thread.subscribe(becauseOf: reply)
        try await thread.subscribe()
        #expect(try thread.isAutomatic() == false)
    }

    @Test func unsubscribingOutlivesWhatWasThereBefore() async throws {
        let thread = try await Thread()
        let before = try await thread.reply()
        try await thread.subscribe(becauseOf: before)
        let between = try await thread.reply()
        try await thread.unsubscribe()
        for cause in [before, between] {
            await expect(.conflictingUnsubscription, 409) { try await thread.subscribe(becauseOf: cause) }
        }
        #expect(try thread.isAutomatic() == nil)
        try await thread.subscribe(becauseOf: thread.reply())
        #expect(try thread.isAutomatic() == true)
        try await thread.unsubscribe()
        try await thread.subscribe()
        #expect(try thread.isAutomatic() == false)
    }

    @Test func causesAreEventsOfTheThread() async throws {
        let thread = try await Thread()
        let other = try await thread.fixture.say("elsewhere", in: thread.room, by: thread.fixture.alice)
        let reference = try await thread.reply("m.reference")
        for cause in [thread.root, other, reference, EventID(trusted: "$unknown")] {
            await expect(.notInThread, 400) { try await thread.subscribe(becauseOf: cause) }
        }
        #expect(try thread.isAutomatic() == nil)
    }

    @Test func nobodyFollowsWhatTheyCannotSee() async throws {
        let thread = try await Thread()
        let (rooms, carol) = (thread.fixture.rooms, thread.fixture.carol)
        for (root, room) in [
            (thread.root, thread.room), (thread.root, RoomID(trusted: "!unknown:example.org")),
            (EventID(trusted: "$unknown"), thread.room),
        ] {
            await expect(.notFound, 404) { try rooms.threadSubscription(to: root, in: room, of: carol) }
            await expect(.notFound, 404) { try await rooms.subscribe(to: root, in: room, by: carol) }
            await expect(.notFound, 404) { try await rooms.unsubscribe(from: root, in: room, by: carol) }
        }
    }

    @Test func theListHasWhatWasDecidedLast() async throws {
        let thread = try await Thread()
        let (fixture, room) = (thread.fixture, thread.room)
        var roots = [thread.root]
        for number in 1..<4 { roots.append(try await fixture.say("\(number)", in: room, by: fixture.alice)) }
        for root in roots { try await fixture.rooms.subscribe(to: root, in: room, by: fixture.bob) }
        try await fixture.rooms.unsubscribe(from: roots[0], in: room, by: fixture.bob)
        try await fixture.rooms.subscribe(to: roots[1], in: room, by: fixture.alice)

        func list(from: PaginationToken? = nil, to: PaginationToken? = nil, limit: Int = 100) throws -> JSONObject {
            try fixture.rooms.threadSubscriptions(of: fixture.bob, from: from, to: to, limit: limit)
        }
        func names(_ section: String, _ list: JSONObject) -> Set<String> {
            Set(list[section]?[room.string]?.objectValue?.map(\.key) ?? [])
        }
        let all = try list()
        #expect(names("subscribed", all) == Set(roots[1...].map(\.string)))
        #expect(names("unsubscribed", all) == [roots[0].string])
        #expect(all["end"] == nil)
        #expect(all["subscribed"]?[room.string, roots[1].string, "automatic"] == false)
        let stamps = try roots[1...].map { try #require(all["subscribed"]?[room.string, $0.string, "bump_stamp"]?.integerValue) }
        #expect(stamps == stamps.sorted())

        // The latest come first; each page begins behind the one before.
        let first = try list(limit: 2)
        #expect(names("unsubscribed", first) == [roots[0].string] && names("subscribed", first) == [roots[3].string])
        let end = try #require(first["end"]?.stringValue.flatMap(PaginationToken.init(_:)))
        let second = try list(from: end, limit: 2)
        #expect(names("subscribed", second) == [roots[1].string, roots[2].string] && names("unsubscribed", second) == [])
        #expect(second["end"] == nil)
        let since = PaginationToken(Position(stamps[1]))
        #expect(names("subscribed", try list(to: since)) == [roots[3].string])
    }

    @Test func aSubscriptionIsNoNewsOfRooms() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let root = try await server.homeserver.rooms.send(
                "m.room.message", ["body": "root"], to: room, transactionID: "1", by: server.alice)
            let since = try await server.sync().next
            try await server.homeserver.rooms.subscribe(to: root, in: room, by: server.bob)
            let (answer, next) = try await server.sync(since: since)
            #expect(answer["rooms", "join"] == nil)
            #expect(next.rooms.position > since.rooms.position)
        }
    }
}
