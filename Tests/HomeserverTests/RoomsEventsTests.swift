import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// Events with what lies around them, and events by their time ("Event Context", "Room timestamp to event").
@Suite struct RoomsEventsTests {
    private func bodies(_ events: JSONValue?) -> [String] { events?.arrayValue?.compactMap { $0["content", "body"]?.stringValue } ?? [] }

    @Test func aContextLiesAroundItsEvent() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        var events: [EventID] = []
        for number in 0..<9 { events.append(try await fixture.say("\(number)", in: room, by: fixture.alice)) }
        let context = try fixture.rooms.context(of: events[4], in: room, limit: 5, filter: .everything, for: fixture.alice).json()
        #expect(context["event", "content", "body"] == "4")
        #expect(bodies(context["events_before"]) == ["3", "2"])
        #expect(bodies(context["events_after"]) == ["5", "6", "7"])
        #expect(context["state"]?.arrayValue?.contains { $0["type"] == "m.room.create" } == true)

        // The tokens lead on in both directions.
        let start = try #require(context["start"]?.stringValue.flatMap(PaginationToken.init(_:)))
        let end = try #require(context["end"]?.stringValue.flatMap(PaginationToken.init(_:)))
        let before = try fixture.page(of: room, MessagesRequest(from: start, isBackward: true, limit: 2), for: fixture.alice)
        #expect(before.bodies == ["1", "0"])
        let after = try fixture.page(of: room, MessagesRequest(from: end, isBackward: false, limit: 2), for: fixture.alice)
        #expect(after.bodies == ["8"])
    }

    /// Before room version 6 the time that a server writes into its event may be any number.
    @Test(arguments: [(Int64.min, Int64(9_007_199_254_740_991)), (Int64.max, Int64(-9_007_199_254_740_991))])
    func anEventOfAnyTimeHasAnAge(_ time: Int64, _ age: Int64) async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(version: .v5)
        let known = try #require(try fixture.database.room(room))
        let view = fixture.database.view()
        let template = EventTemplate(type: EventType.roomMessage, content: ["body": "x"], sender: fixture.alice.userID, roomID: room)
        let rights = try Authorization.authEventKeys(for: template, version: .v5).compactMap {
            try view.currentEvent($0, in: known.shortID).map { EventReference($0.id) }
        }
        let event = try Event.build(
            template, version: .v5,
            prevEvents: view.eventIDs(of: view.extremities(of: known.shortID).map(\.event)).map { EventReference($0) }, authEvents: rights,
            depth: 20, originServerTS: time, serverName: fixture.alice.userID.serverName,
            signingKey: #require(SigningKey(seed: [UInt8](repeating: 1, count: SigningKey.seedSizeBytes), version: "1")))
        _ = try await fixture.database.receive(event, version: .v5)
        let context = try fixture.rooms.context(of: event.id, in: room, limit: 0, filter: .everything, for: fixture.alice).json()
        #expect(context["event", "unsigned", "age"] == .integer(age))
    }

    @Test func aContextOfNothingIsTheEvent() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let event = try await fixture.say("alone", in: room, by: fixture.alice)
        let context = try fixture.rooms.context(of: event, in: room, limit: 0, filter: .everything, for: fixture.alice).json()
        #expect(context["event", "event_id"]?.stringValue == event.string)
        #expect(context["events_before"] == [])
        #expect(context["events_after"] == [])
    }

    @Test func aContextIsFilteredButForItsEvent() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        try await fixture.say("before", in: room, by: fixture.alice)
        let event = try await fixture.say("event", in: room, by: fixture.alice)
        try await fixture.say("after", in: room, by: fixture.bob)
        let filter = try EventFilter(checking: ["senders": [.string(fixture.bob.userID.string)], "lazy_load_members": true])
        let context = try fixture.rooms.context(of: event, in: room, limit: 10, filter: filter, for: fixture.alice).json()
        #expect(context["event", "content", "body"] == "event")
        #expect(bodies(context["events_before"]).isEmpty)
        #expect(bodies(context["events_after"]) == ["after"])
        #expect(context["state"]?.arrayValue?.allSatisfy { $0["sender"]?.stringValue == fixture.bob.userID.string } == true)
    }

    @Test func nobodySeesTheContextOfWhatIsHidden() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(.privateChat)
        let event = try await fixture.say("secret", in: room, by: fixture.alice)
        #expect(throws: MatrixError.self) {
            try fixture.rooms.context(of: event, in: room, limit: 10, filter: .everything, for: fixture.bob)
        }
    }

    @Test func theClosestEventOnEitherSide() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        fixture.clock.advance(by: 1000)
        let first = try await fixture.say("first", in: room, by: fixture.alice)
        let firstTime = fixture.clock.now()
        fixture.clock.advance(by: 1000)
        let second = try await fixture.say("second", in: room, by: fixture.alice)
        let secondTime = fixture.clock.now()
        func closest(_ time: Int64, _ direction: Direction) throws -> EventID {
            try fixture.rooms.event(closestTo: time, direction, in: room, for: fixture.alice).id
        }
        #expect(try closest(firstTime, .forward) == first)
        #expect(try closest(firstTime + 1, .forward) == second)
        #expect(try closest(secondTime - 1, .backward) == first)
        #expect(try closest(secondTime, .backward) == second)
        #expect(try closest(.max, .backward) == second)
        #expect(throws: MatrixError.self) { try closest(secondTime + 1, .forward) }
        #expect(throws: MatrixError.self) { try closest(0, .backward) }
        #expect(throws: MatrixError.self) { try fixture.rooms.event(closestTo: 0, .forward, in: room, for: fixture.bob) }
    }
}
