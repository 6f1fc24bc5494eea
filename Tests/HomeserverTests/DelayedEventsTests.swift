import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import StoreTestSupport
import TestSupport
import Testing

/// Events that are sent later (MSC4140), on a virtual clock.
@Suite struct DelayedEventsTests {
    // MARK: - Sending

    @Test func isSentAtItsTimeAndNotBefore() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let begin = server.clock.now()
            let id = try await server.schedule("later", after: 5000, in: room)
            try await server.wait(begin + 4999 - server.clock.now())
            #expect(try server.bodies(of: room) == [])
            try await server.wait(101)
            #expect(try server.bodies(of: room) == ["later"])
            let event = try server.newest(1, of: room, for: server.alice)[0]
            let time = try #require(event["origin_server_ts"]?.integerValue)
            #expect((5000...5100).contains(time - begin))
            #expect(event["unsigned", "org.matrix.msc4140.delay_id"]?.stringValue == id)
            #expect(try server.newest(1, of: room, for: server.bob)[0]["unsigned", "org.matrix.msc4140.delay_id"] == nil)
            #expect(try server.pending().isEmpty)
        }
    }

    @Test func goesByTimeNotByRequest() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            for (text, delay) in [("third", 3000), ("first", 1000), ("fourth", 3001), ("second", 2999)] as [(String, Int64)] {
                _ = try await server.schedule(text, after: delay, in: room)
            }
            #expect(try server.pending().compactMap { $0["content", "body"]?.stringValue } == ["first", "second", "third", "fourth"])
            try await server.wait(2000)
            #expect(try server.bodies(of: room) == ["first"])
            try await server.wait(2000)
            #expect(try server.bodies(of: room) == ["first", "second", "third", "fourth"])
        }
    }

    @Test func manyAtOnceAreSentInTheirOrder() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let texts = (0..<40).map { "\($0)" }
            for text in texts { _ = try await server.schedule(text, after: 60_000, in: room) }
            try await server.wait(61_000)
            #expect(try server.bodies(of: room) == texts)
        }
    }

    @Test func stateMembershipsAndRedactionsCanWaitToo() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let said = try await server.rooms.send("m.room.message", ["body": "x"], to: room, transactionID: "1", by: server.alice)
            for (type, key, content) in [
                ("m.room.topic", "", ["topic": "later"]), ("m.room.member", server.bob.userID.string, ["membership": "leave"]),
                ("m.room.redaction", nil, ["redacts": .string(said.string)]),
            ] as [(String, String?, JSONObject)] {
                let request = DelayedEventRequest(room: room, type: type, stateKey: key, content: content, delayMilliseconds: 10)
                let user = type == "m.room.member" ? server.bob : server.alice
                _ = try await server.homeserver.delayedEvents.schedule(request, nil, by: user)
            }
            try await server.wait(1000)
            #expect(try server.rooms.state(.topic, of: room, as: .content, for: server.alice).json()["topic"] == "later")
            #expect(
                try server.rooms.state(.member(server.bob.userID), of: room, as: .content, for: server.alice).json()["membership"]
                    == "leave")
            #expect(try server.rooms.event(said, in: room, for: server.alice).json()["content"] == [:])
        }
    }

    @Test func whoMaySendIsAskedWhenItIsSent() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let refused = try await server.schedule("Bob's", after: 1000, in: room, by: server.bob)
            _ = try await server.schedule("Alice's", after: 1001, in: room)
            try await server.rooms.leave(room, reason: nil, by: server.bob)
            try await server.wait(2000)
            #expect(try server.bodies(of: room) == ["Alice's"])
            #expect(try server.pending(of: server.bob).isEmpty)
            let event = try server.homeserver.delayedEvents.event(refused, of: server.bob)
            #expect(event["error"]?["errcode"] == "M_FORBIDDEN")
            #expect(event["event_id"] == nil)
            await expect(.notFound, 404) { try server.homeserver.delayedEvents.event(refused, of: server.alice) }
            // It is over: nobody sends it now.
            await expect(.unknown, 409) { try await server.act(.send, on: refused) }
            try await server.act(.cancel, on: refused)
        }
    }

    // MARK: - Scheduling

    @Test func aTransactionSchedulesOnce() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let first = try await server.schedule("one", after: 1000, in: room, transaction: "t")
            #expect(try await server.schedule("other", after: 2000, in: room, transaction: "t") == first)
            let transaction = DelayedEventRequest.Transaction(.send, type: "m.room.message", id: "t")
            #expect(try server.homeserver.delayedEvents.scheduled(by: transaction, in: room, server.alice) == first)
            #expect(try server.homeserver.delayedEvents.scheduled(by: transaction, in: room, server.bob) == nil)
            try await server.wait(5000)
            #expect(try await server.schedule("once more", after: 1000, in: room, transaction: "t") == first)
            try await server.wait(5000)
            #expect(try server.bodies(of: room) == ["one"])
        }
    }

    @Test func malformedRequestsAreRefused() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let day: Int64 = 24 * 60 * 60 * 1000
            for delay in [0, -1] as [Int64] {
                await expect(.invalidParameter, 400) { try await server.schedule("x", after: delay, in: room) }
            }
            do {
                _ = try await server.schedule("x", after: day + 1, in: room)
                Issue.record("it is too long")
            } catch let error as MatrixError {
                #expect(error.code == .maxDelayExceeded && error.status == 400)
                #expect(error.extra["org.matrix.msc4140.max_delay"] == .integer(day))
            }
            _ = try await server.schedule("x", after: day, in: room)
            await expect(.forbidden, 403) { try await server.schedule("x", after: 1, in: RoomID(trusted: "!unknown:example.org")) }
            func schedule(_ type: String, _ key: String?, _ content: JSONObject) async throws -> String {
                try await server.homeserver.delayedEvents.schedule(
                    DelayedEventRequest(room: room, type: type, stateKey: key, content: content, delayMilliseconds: 1), nil,
                    by: server.alice)
            }
            await expect(.badJSON, 400) { try await schedule("x", nil, ["x": 1.5]) }
            await expect(.badJSON, 400) { try await schedule("x", "", ["x": 1.5]) }
            await expect(.missingParameter, 400) { try await schedule("m.room.redaction", nil, [:]) }
            let guest = Requester(userID: server.bob.userID, deviceID: "GUEST", isGuest: true)
            await expect(.guestAccessForbidden, 403) { try await server.schedule("x", after: 1, in: room, by: guest) }
            await expect(.tooLarge, 413) { try await schedule("x", nil, ["x": .string(String(repeating: "x", count: 70_000))]) }
            await expect(.tooLarge, 413) { try await schedule("x", String(repeating: "x", count: 256), [:]) }
            await expect(.tooLarge, 413) { try await schedule(String(repeating: "x", count: 256), nil, [:]) }
        }
    }

    @Test func nobodyHasTooMany() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            for number in 0..<DelayedEvents.perUserMax { _ = try await server.schedule("\(number)", after: 10_000_000, in: room) }
            let first = try server.pending()[0]["running_since"]?.integerValue ?? 0
            do {
                _ = try await server.schedule("one more", after: 1, in: room)
                Issue.record("it is one too many")
            } catch let error as MatrixError {
                #expect(error.code == .limitExceeded && error.status == 429)
                #expect(error.extra["retry_after_ms"] == .integer(first + 10_000_000 - server.clock.now()))
            }
            _ = try await server.schedule("Bob's", after: 1, in: room, by: server.bob)
        }
    }

    @Test func everybodySeesTheirOwn() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let now = server.clock.now()
            let id = try await server.set("org.example", "key", ["x": 1], after: 1000, in: room)
            _ = try await server.schedule("Bob's", after: 1000, in: room, by: server.bob)
            let running = try #require(try server.pending()[0]["running_since"]?.integerValue)
            #expect((now...now + 100).contains(running))
            #expect(
                try server.pending() == [
                    [
                        "delay_id": .string(id), "room_id": .string(room.string), "type": "org.example", "state_key": "key", "delay": 1000,
                        "running_since": .integer(running), "content": ["x": 1],
                    ]
                ])
            #expect(id.utf8.count >= 20)
        }
    }

    // MARK: - Acting

    @Test func cancelledIsNeverSent() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let id = try await server.schedule("x", after: 1000, in: room)
            try await server.act(.cancel, on: id)
            try await server.act(.cancel, on: id)
            for action in [DelayedEventAction.send, .restart] {
                await expect(.unknown, 409) { try await server.act(action, on: id) }
            }
            try await server.wait(5000)
            #expect(try server.bodies(of: room) == [])
            #expect(try server.pending().isEmpty)
        }
    }

    @Test func restartingBeginsTheDelayAnew() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let id = try await server.schedule("x", after: 5000, in: room)
            for _ in 0..<4 {
                try await server.wait(4000)
                try await server.act(.restart, on: id)
            }
            try await server.wait(4900)
            #expect(try server.bodies(of: room) == [])
            try await server.wait(200)
            #expect(try server.bodies(of: room) == ["x"])
            await expect(.unknown, 409) { try await server.act(.restart, on: id) }
            try await server.act(.send, on: id)
            #expect(try server.bodies(of: room) == ["x"])
        }
    }

    @Test func sendingNowIsSendingOnce() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let id = try await server.schedule("x", after: 5000, in: room)
            try await server.act(.send, on: id)
            #expect(try server.bodies(of: room) == ["x"])
            #expect(try server.homeserver.delayedEvents.event(id, of: server.alice)["event_id"] != nil)
            try await server.wait(10_000)
            #expect(try server.bodies(of: room) == ["x"])
            await expect(.unknown, 409) { try await server.act(.cancel, on: id) }
        }
    }

    @Test func whatCannotBeSentNowStays() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let id = try await server.schedule("x", after: 5000, in: room, by: server.bob)
            try await server.rooms.leave(room, reason: nil, by: server.bob)
            await expect(.forbidden, 403) { try await server.act(.send, on: id) }
            #expect(try server.pending(of: server.bob).count == 1)
            try await server.rooms.join(room, content: [:], by: server.bob)
            try await server.wait(6000)
            #expect(try server.bodies(of: room) == ["x"])
        }
    }

    @Test func nobodyActsOnTheUnknown() throws {
        try VirtualServer.run { server in
            for action in DelayedEventAction.allCases {
                await expect(.notFound, 404) { try await server.act(action, on: "unknown") }
            }
        }
    }

    @Test func anAddressActsOnlySoOften() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let id = try await server.schedule("x", after: 10_000_000, in: room)
            func restart(from address: String) async throws {
                try await server.homeserver.delayedEvents.act(.restart, on: id, from: address)
            }
            var refusals = 0
            for _ in 0..<2 * DelayedEvents.actionsAtOnceMax {
                do {
                    try await restart(from: "192.0.2.1")
                } catch let error as MatrixError {
                    #expect(error.code == .limitExceeded && error.extra["retry_after_ms"] != nil)
                    refusals += 1
                }
            }
            #expect(refusals > 0)
            try await restart(from: "192.0.2.2")
            try await server.wait(10_000)
            try await restart(from: "192.0.2.1")
        }
    }

    @Test func aBlockedInviteIsNotSent() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let carol = Requester(userID: UserID(trusted: "@carol:example.org"), deviceID: "CAROL")
            try await server.homeserver.accounts.setAccountData(
                of: carol.userID, in: nil, type: "m.invite_permission_config", to: Array(#"{"default_action": "block"}"#.utf8), for: carol)
            let first = try await server.schedule("first", after: 1000, in: room)
            let invite = try await server.set("m.room.member", carol.userID.string, ["membership": "invite"], after: 1000, in: room)
            _ = try await server.schedule("last", after: 1000, in: room)
            try await server.wait(3000)
            #expect(try server.bodies(of: room) == ["first", "last"])
            let event = try server.homeserver.delayedEvents.event(invite, of: server.alice)
            #expect(event["error"]?["errcode"] == "M_INVITE_BLOCKED")
            #expect(try server.homeserver.delayedEvents.event(first, of: server.alice)["event_id"] != nil)
            let standing = try server.rooms.state(of: room, for: server.alice).json().arrayValue ?? []
            #expect(!standing.contains { $0["state_key"]?.stringValue == carol.userID.string })
        }
    }

    @Test func whatIsOverIsForgottenAfterADay() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let id = try await server.schedule("x", after: 1000, in: room, transaction: "t")
            try await server.wait(23 * 60 * 60 * 1000)
            try await server.act(.send, on: id)
            try await server.wait(2 * 60 * 60 * 1000)
            await expect(.notFound, 404) { try await server.act(.send, on: id) }
            #expect(try await server.schedule("x", after: 1000, in: room, transaction: "t") != id)
            let event = try server.newest(1, of: room, for: server.alice)[0]
            #expect(event["unsigned", "org.matrix.msc4140.delay_id"]?.stringValue == id)
        }
    }

    // MARK: - State

    @Test func othersStateTakesThePlaceOfWhatWaits() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let alices = try await server.set("org.example", "key", ["by": "alice"], after: 1000, in: room)
            let bobs = try await server.set("org.example", "key", ["by": "bob"], after: 1500, in: room, by: server.bob)
            let otherKey = try await server.set("org.example", "other", ["by": "alice"], after: 1000, in: room)
            _ = try await server.rooms.setState(StateKey("org.example", "key"), ["by": "bob now"], in: room, by: server.bob)
            #expect(try server.pending().map { $0["delay_id"]?.stringValue } == [otherKey])
            #expect(try server.pending(of: server.bob).map { $0["delay_id"]?.stringValue } == [bobs])
            try await server.act(.cancel, on: alices)
            try await server.wait(1200)
            func content() throws -> JSONValue {
                try server.rooms.state(StateKey("org.example", "key"), of: room, as: .content, for: server.alice).json()
            }
            #expect(try content() == ["by": "bob now"])
            try await server.wait(1000)
            #expect(try content() == ["by": "bob"])
        }
    }

    @Test func whatIsSentLaterTakesThePlaceOfOthersToo() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            _ = try await server.set("org.example", "key", ["by": "alice"], after: 1000, in: room)
            _ = try await server.set("org.example", "key", ["by": "bob"], after: 1000, in: room, by: server.bob)
            try await server.wait(3000)
            let content = try server.rooms.state(StateKey("org.example", "key"), of: room, as: .content, for: server.alice).json()
            #expect(content == ["by": "alice"])
        }
    }

    // MARK: - Restarts

    @Test func waitsOverRestarts() throws {
        let directory = try TemporaryDirectory()
        let clock = VirtualClock()
        let room = try VirtualServer.run(on: directory, clock: clock) { server in
            let room = try await server.room()
            _ = try await server.schedule("later", after: 100_000, in: room)
            _ = try await server.schedule("second", after: 2000, in: room)
            _ = try await server.schedule("first", after: 1000, in: room)
            let cancelled = try await server.schedule("never", after: 1500, in: room)
            try await server.act(.cancel, on: cancelled)
            return room
        }
        clock.advance(by: 50_000)
        try VirtualServer.run(on: directory, clock: clock) { server in
            try await server.wait(1)
            #expect(try server.bodies(of: room) == ["first", "second"])
            #expect(try server.pending().count == 1)
            try await server.wait(60_000)
            #expect(try server.bodies(of: room) == ["first", "second", "later"])
        }
    }
}

extension VirtualServer {
    /// Has a message sent later.
    fileprivate func schedule(
        _ text: String, after delay: Int64, in room: RoomID, transaction: String? = nil, by user: Requester? = nil
    ) async throws -> String {
        let request = DelayedEventRequest(
            room: room, type: "m.room.message", stateKey: nil, content: ["body": .string(text)], delayMilliseconds: delay)
        let transaction = DelayedEventRequest.Transaction(
            .send, type: "m.room.message", id: transaction ?? SystemRandom().alphanumeric(10))
        return try await homeserver.delayedEvents.schedule(request, transaction, by: user ?? alice)
    }

    /// Has state set later.
    fileprivate func set(
        _ type: String, _ key: String, _ content: JSONObject, after delay: Int64, in room: RoomID, by user: Requester? = nil
    ) async throws -> String {
        let request = DelayedEventRequest(room: room, type: type, stateKey: key, content: content, delayMilliseconds: delay)
        return try await homeserver.delayedEvents.schedule(request, nil, by: user ?? alice)
    }

    fileprivate func act(_ action: DelayedEventAction, on id: String) async throws {
        try await homeserver.delayedEvents.act(action, on: id, from: nil)
    }

    /// What a user has yet to have sent.
    fileprivate func pending(of user: Requester? = nil) throws -> [JSONValue] {
        try homeserver.delayedEvents.pending(of: user ?? alice)["delayed_events"]?.arrayValue ?? []
    }
}
