import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import StoreTestSupport
import TestSupport
import Testing

/// Events that stick to their rooms (MSC4354), on a virtual clock.
@Suite struct StickyEventsTests {
    // MARK: - The event

    @Test func saysForHowLong() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            try await server.stick("sticky", for: 60_000, to: room)
            try await server.wait(20_000)
            let event = try server.newest(1, of: room, for: server.bob)[0]
            #expect(event["msc4354_sticky"] == ["duration_ms": 60_000])
            let left = try #require(event["unsigned", "msc4354_sticky_duration_ttl_ms"]?.integerValue)
            #expect((39_000...40_000).contains(left))
            try await server.wait(41_000)
            let expired = try server.newest(1, of: room, for: server.bob)[0]
            #expect(expired["msc4354_sticky"] == ["duration_ms": 60_000] && expired["unsigned", "msc4354_sticky_duration_ttl_ms"] == nil)
        }
    }

    @Test func noneSticksForMoreThanAnHour() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            try await server.stick("sticky", for: .max, to: room)
            #expect(try server.newest(1, of: room, for: server.bob)[0]["msc4354_sticky"] == ["duration_ms": 3_600_000])
            try await server.wait(3_600_000)
            #expect(try await server.sync(filter: notInTimelines, by: server.bob).answer.sticky(room).isEmpty)
        }
    }

    @Test func redactionEndsIt() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let event = try await server.stick("sticky", for: 60_000, to: room)
            _ = try await server.rooms.redact(event, content: [:], in: room, transactionID: "1", by: server.alice)
            let (answer, _) = try await server.sync(filter: notInTimelines, by: server.bob)
            #expect(answer.sticky(room).isEmpty)
            let redacted = try server.rooms.event(event, in: room, for: server.bob).json()
            #expect(redacted["msc4354_sticky"] == nil && redacted["unsigned", "msc4354_sticky_duration_ttl_ms"] == nil)
        }
    }

    @Test func stateCanStickToo() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            _ = try await server.rooms.setState(
                StateKey("org.example", "key"), ["body": "state"], in: room, stickiness: Stickiness(durationMilliseconds: 60_000),
                by: server.alice)
            #expect(try await server.sync(filter: notInTimelines, by: server.bob).answer.sticky(room) == ["state"])
        }
    }

    @Test func sticksFromWhenItIsSent() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let request = DelayedEventRequest(
                room: room, type: "org.example", stateKey: nil, content: ["body": "later"], delayMilliseconds: 30_000,
                stickiness: Stickiness(durationMilliseconds: 60_000))
            _ = try await server.homeserver.delayedEvents.schedule(request, nil, by: server.alice)
            #expect(try await server.sync(filter: notInTimelines, by: server.bob).answer.sticky(room) == [])
            try await server.wait(80_000)
            #expect(try await server.sync(filter: notInTimelines, by: server.bob).answer.sticky(room) == ["later"])
            try await server.wait(11_000)
            #expect(try await server.sync(filter: notInTimelines, by: server.bob).answer.sticky(room) == [])
        }
    }

    @Test func nobodySticksTooMuch() throws {
        var rates = RateLimits()
        rates.stickyEvents = RateLimits.Rate(burst: 5, perSecond: 0.001)
        try VirtualServer.run(rateLimits: rates) { server in
            let (room, other) = (try await server.room(), try await server.room())
            for number in 0..<5 { try await server.stick("\(number)", for: 1000, to: room) }
            await expect(.limitExceeded, 429) { try await server.stick("more", for: 1000, to: room) }
            await expect(.limitExceeded, 429) {
                let request = DelayedEventRequest(
                    room: room, type: "org.example", stateKey: nil, content: [:], delayMilliseconds: 1000,
                    stickiness: Stickiness(durationMilliseconds: 1))
                return try await server.homeserver.delayedEvents.schedule(request, nil, by: server.alice)
            }
            try await server.stick("elsewhere", for: 1000, to: other)
            try await server.stick("somebody else", for: 1000, to: room, by: server.bob)
            _ = try await server.rooms.send("org.example", [:], to: room, transactionID: "plain", by: server.alice)
        }
    }

    // MARK: - Sync

    /// Has nothing in the timelines, so that what sticks is told apart.
    private let notInTimelines: JSONObject = ["room": ["timeline": ["types": []]]]

    @Test func isToldOnceAndNotBesideTheTimeline() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let (_, begin) = try await server.sync(by: server.bob)
            try await server.stick("sticky", for: 60_000, to: room)
            let (told, next) = try await server.sync(since: begin, by: server.bob)
            #expect(told.sticky(room).isEmpty)
            let timeline = told["rooms", "join", room.string, "timeline", "events"]?.arrayValue
            #expect(timeline?.last?["unsigned", "msc4354_sticky_duration_ttl_ms"]?.integerValue ?? 0 > 59_000)
            #expect(try await server.sync(since: next, by: server.bob).answer["rooms"] == nil)

            for number in 0..<20 { try await server.say("\(number)", in: room) }
            // The timeline is limited to the last ones.
            let (limited, last) = try await server.sync(since: begin, by: server.bob)
            #expect(limited.sticky(room) == ["sticky"])
            #expect(limited["rooms", "join", room.string, "msc4354_sticky", "events"]?.arrayValue?.first?["unsigned"] != nil)
            #expect(try await server.sync(since: last, by: server.bob).answer["rooms"] == nil)
            #expect(try await server.sync(by: server.bob).answer.sticky(room) == ["sticky"])
            try await server.wait(60_000)
            #expect(try await server.sync(by: server.bob).answer.sticky(room) == [])
            #expect(try await server.sync(since: begin, by: server.bob).answer.sticky(room) == [])
        }
    }

    @Test func isAReasonToAnswer() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let (_, begin) = try await server.sync(filter: notInTimelines, by: server.bob)
            let begun = server.clock.now()
            async let answer = server.sync(since: begin, filter: notInTimelines, timeout: 30_000, by: server.bob)
            try await server.wait(1000)
            try await server.stick("sticky", for: 60_000, to: room)
            let told = try await answer.answer
            #expect(told.sticky(room) == ["sticky"])
            #expect(server.clock.now() - begun < 2000)
        }
    }

    @Test func whoComesLaterIsToldAllTheSame() throws {
        try VirtualServer.run { server in
            var request = CreateRoomRequest()
            request.initialState = [(.historyVisibility, ["history_visibility": "joined"])]
            request.invite = [server.bob.userID]
            let room = try await server.rooms.create(request, by: server.alice)
            try await server.stick("sticky", for: 60_000, to: room)
            try await server.stick("over", for: 1000, to: room)
            let (before, begin) = try await server.sync(by: server.bob)
            #expect(before.sticky(room) == [])
            try await server.wait(2000)
            try await server.rooms.join(room, content: [:], by: server.bob)
            let (joined, next) = try await server.sync(since: begin, by: server.bob)
            #expect(joined.sticky(room) == ["sticky"])
            #expect(try await server.sync(since: next, by: server.bob).answer["rooms"] == nil)
            // Who isn't in the room any more is told of nothing.
            try await server.rooms.leave(room, reason: nil, by: server.bob)
            try await server.stick("more", for: 60_000, to: room)
            let (left, _) = try await server.sync(since: next, by: server.bob)
            #expect(left["rooms", "leave", room.string] != nil && left["rooms", "leave", room.string, "msc4354_sticky"] == nil)
        }
    }

    @Test func anAnswerHasAHundredAndTheNextOneGoesOn() throws {
        try VirtualServer.run { server in
            let rooms = [try await server.room(), try await server.room()]
            let quiet = try await server.room()
            let (_, begin) = try await server.sync(filter: notInTimelines, by: server.bob)
            var sent: [String] = []
            for number in 0..<160 {
                sent.append("\(number)")
                try await server.stick("\(number)", for: 600_000, to: rooms[number % 2])
            }
            for since in [begin, nil] {
                var told: [String] = []
                let (first, next) = try await server.sync(since: since, filter: notInTimelines, by: server.bob)
                for room in rooms { told += first.sticky(room) }
                #expect(told.count == 100 && next.sticky != nil && SyncToken(next.description) == next)
                try await server.say("news", in: quiet)
                let (second, last) = try await server.sync(since: next, filter: notInTimelines, timeout: 30_000, by: server.bob)
                for room in rooms { told += second.sticky(room) }
                #expect(told.count == 160 && Set(told) == Set(sent) && last.sticky == nil)
                #expect(try await server.sync(since: last, filter: notInTimelines, by: server.bob).answer["rooms"] == nil)
            }
        }
    }

    @Test func theirSendersAreAmongTheMembersThatAreLoadedLazily() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let carol = Requester(userID: UserID(trusted: "@carol:example.org"), deviceID: "CAROL")
            try await server.rooms.join(room, content: [:], by: carol)
            let (_, begin) = try await server.sync(by: server.bob)
            try await server.stick("sticky", for: 600_000, to: room, by: carol)
            for number in 0..<20 { try await server.say("\(number)", in: room) }
            var filter: JSONObject = ["room": ["state": ["lazy_load_members": true]]]
            func members(since: SyncToken) async throws -> (state: [String], sticky: [String], next: SyncToken) {
                let (answer, next) = try await server.sync(since: since, filter: filter, by: server.bob)
                let state = answer["rooms", "join", room.string, "state", "events"]?.arrayValue ?? []
                return (state.compactMap { $0["state_key"]?.stringValue }.sorted(), answer.sticky(room), next)
            }
            let told = try await members(since: begin)
            #expect(told.sticky == ["sticky"])
            #expect(told.state == [server.alice.userID.string, carol.userID.string])
            // Nobody is told of again whom the client knows.
            filter = ["room": ["state": ["lazy_load_members": true], "timeline": ["types": []]]]
            try await server.stick("another", for: 600_000, to: room, by: carol)
            let again = try await members(since: told.next)
            #expect(again.sticky == ["another"] && again.state == [])
        }
    }

    @Test func ignoredUsersStickNothing() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let (_, begin) = try await server.sync(by: server.bob)
            try await server.stick("sticky", for: 60_000, to: room)
            let ignored: JSONObject = ["ignored_users": [server.alice.userID.string: [:]]]
            try await server.homeserver.accounts.setAccountData(
                of: server.bob.userID, in: nil, type: "m.ignored_user_list", to: ignored.encoded(), for: server.bob)
            let (answer, _) = try await server.sync(since: begin, filter: notInTimelines, by: server.bob)
            #expect(answer.sticky(room) == [])
            #expect(answer["rooms", "join", room.string, "msc4354_sticky"] == nil)
        }
    }

    @Test func restartsChangeNothing() throws {
        let directory = try TemporaryDirectory()
        let room = try VirtualServer.run(on: directory) { server in
            let room = try await server.room()
            try await server.stick("sticky", for: 60_000, to: room)
            return room
        }
        try VirtualServer.run(on: directory) { server in
            let (answer, _) = try await server.sync(filter: notInTimelines, by: server.bob)
            #expect(answer.sticky(room) == ["sticky"])
        }
    }

    // MARK: - Simplified sliding sync

    @Test func slidingSyncHasItsOwnToken() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            func sync(_ since: SyncToken? = nil, limit: Int = 100, timeline: Int? = nil) async throws -> (told: [String], next: SyncToken?)
            {
                var request = timeline.map { client.request(limit: $0) } ?? client.request([])
                request.extensions.stickyEvents = .init(since: since, limit: limit)
                let answer = try await client.sync(request)["extensions", "org.matrix.msc4354.sticky_events"]
                let events = answer?["rooms", room.string, "events"]?.arrayValue ?? []
                return (
                    events.compactMap { $0["content", "body"]?.stringValue },
                    answer?["next_batch"]?.stringValue.flatMap(SyncToken.init(_:))
                )
            }
            let begin = try await sync()
            #expect(begin.told == [] && begin.next == nil)
            for number in 0..<3 { try await server.stick("\(number)", to: room) }
            let first = try await sync(limit: 2)
            #expect(first.told == ["0", "1"])
            let second = try await sync(first.next)
            #expect(second.told == ["2"])
            let rest = try await sync(second.next)
            #expect(rest.told == [] && rest.next == nil)
            // Without a token, all that still stick; but not those that stand in the same answer's timeline.
            #expect(try await sync().told == ["0", "1", "2"])
            #expect(try await sync(timeline: 1).told == ["0", "1"])

            let other = try await server.room(.publicChat)
            try await server.stick("before", to: other)
            try await server.homeserver.rooms.join(other, content: [:], by: server.bob)
            var request = client.request([])
            request.extensions.stickyEvents = .init(since: second.next)
            let answer = try await client.sync(request)["extensions", "org.matrix.msc4354.sticky_events", "rooms"]
            #expect(answer?[other.string, "events"]?.arrayValue?.count == 1 && answer?[room.string] == nil)
        }
    }
}

extension VirtualServer {
    /// Sends what sticks for so many milliseconds.
    @discardableResult
    fileprivate func stick(_ text: String, for duration: Int64, to room: RoomID, by user: Requester? = nil) async throws -> EventID {
        try await rooms.send(
            "org.example", ["body": .string(text)], to: room, transactionID: SystemRandom().alphanumeric(10),
            stickiness: Stickiness(durationMilliseconds: duration), by: user ?? alice)
    }

    fileprivate func say(_ text: String, in room: RoomID) async throws {
        _ = try await rooms.send(
            "m.room.message", ["body": .string(text)], to: room, transactionID: SystemRandom().alphanumeric(10), by: alice)
    }
}

extension SyncServer {
    fileprivate func stick(_ text: String, to room: RoomID) async throws {
        _ = try await homeserver.rooms.send(
            "org.example", ["body": .string(text)], to: room, transactionID: SystemRandom().alphanumeric(10),
            stickiness: Stickiness(durationMilliseconds: 3_600_000), by: alice)
    }
}

extension JSONValue {
    /// The texts of the events that an answer to a sync tells of as sticking to a room.
    fileprivate func sticky(_ room: RoomID) -> [String] {
        self["rooms", "join", room.string, "msc4354_sticky", "events"]?.arrayValue?.compactMap { $0["content", "body"]?.stringValue } ?? []
    }
}
