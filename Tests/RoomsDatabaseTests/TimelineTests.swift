import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TestSupport
import Testing

/// Events find their place in their room's timeline, and everything that leads to them.
@Suite struct TimelineTests {
    @Test(arguments: RoomVersion.supported)
    func eventsStandInTheOrderOfTheirArrival(_ version: RoomVersion) async throws {
        try await TestRooms.session { rooms in
            let (room, other) = (try await rooms.makeRoom(version), try await rooms.makeRoom(version))
            var sent: [EventID] = []
            for number in 0..<20 {
                sent.append(try await rooms.say("\(number)", in: room))
                try await rooms.say("\(number)", in: other)
            }
            let view = rooms.view
            var forward = try view.timeline(of: room.shortID, Int64.min...Int64.max, .forward)
            let entries = try forward.collect()
            #expect(entries.map(\.value.id).suffix(20) == sent)
            #expect(entries.map(\.key) == entries.map(\.key).sorted())
            #expect(entries.first?.value.id == room.create.id)
            #expect(try view.newestOrder(of: room.shortID) == entries.last?.key.order)

            var backward = try view.timeline(of: room.shortID, Int64.min...Int64.max, .backward)
            #expect(try backward.collect().map(\.key) == entries.map(\.key).reversed())
            var part = try view.timeline(of: room.shortID, entries[3].key.order...entries[6].key.order, .forward)
            #expect(try part.collect().map(\.key) == entries[3...6].map(\.key))

            for (pduID, event) in entries {
                #expect(try view.timelineEvent(event.id)?.pduID == pduID)
                #expect(try view.shortID(of: event.id) == event.shortID)
                #expect(try view.event(event.shortID)?.json == event.json)
            }
            #expect(try view.eventIDs(of: entries.map(\.value.shortID)) == entries.map(\.value.id))
            #expect(try view.events(entries.map(\.value.shortID).reversed()).map(\.id) == entries.map(\.value.id).reversed())
        }
    }

    @Test func eachEventFollowsTheNewest() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom()
            var previous = try #require(try rooms.view.eventIDs(of: rooms.view.extremities(of: room.shortID).map(\.event)).first)
            for number in 0..<5 {
                let id = try await rooms.say("\(number)", in: room)
                let event = try rooms.event(id, in: room)
                #expect(event.prevEvents == [previous])
                #expect(try event.depth == rooms.event(previous, in: room).depth + 1)
                let extremities = try rooms.view.extremities(of: room.shortID)
                #expect(try rooms.view.eventIDs(of: extremities.map(\.event)) == [id])
                #expect(extremities.map(\.depth) == [event.depth])
                previous = id
            }
        }
    }

    @Test func theStateBeforeAnEventAndAtAPosition() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom()
            func topic(_ state: ShortStateHash) throws -> EventID? {
                try rooms.view.event(of: .topic, in: state).flatMap { try rooms.view.event($0)?.id }
            }
            let before = try await rooms.say("before", in: room)
            let first = try await rooms.set(.topic, ["topic": "first"], in: room)
            let between = try await rooms.say("between", in: room)
            let second = try await rooms.set(.topic, ["topic": "second"], in: room)
            let after = try await rooms.say("after", in: room)

            let view = rooms.view
            for (event, topicBefore, topicAt) in [
                (before, nil, nil), (first, nil, first), (between, first, first), (second, first, second), (after, second, second),
            ] {
                let (pduID, stored) = try #require(try view.timelineEvent(event))
                #expect(try topic(view.state(before: stored.shortID)) == topicBefore)
                #expect(try topic(view.state(of: room.shortID, at: pduID.position)) == topicAt)
            }
            #expect(try view.state(of: room.shortID, at: Position(0)) == .empty)
            #expect(try topic(view.currentState(of: room.shortID)) == second)
            #expect(try view.currentEvent(.topic, in: room.shortID)?.id == second)
            #expect(try view.timelineEvent(second)?.event.replaced == view.shortID(of: first))

            // The current state by keys is the current state as a whole.
            for part in [.everything, .members, .allButMembers] as [RoomsView.StatePart] {
                let byKeys = try view.currentEntries(of: room.shortID, part)
                let whole = try view.entries(of: view.currentState(of: room.shortID), part)
                #expect(byKeys.map(\.key) == whole.map(\.key) && byKeys.map(\.event) == whole.map(\.event))
            }
            let keys = try view.stateKeys(of: view.currentEntries(of: room.shortID).map(\.key))
            #expect(Set(keys) == [.create, .member(TestRooms.alice), .topic])
        }
    }

    @Test func aRoomIsThereAfterARestart() async throws {
        let directory = try TemporaryDirectory()
        let (room, event) = try await TestRooms.session(in: directory) { rooms in
            let room = try await rooms.makeRoom(.v11)
            return (room, try await rooms.say("hello", in: room))
        }
        try await TestRooms.session(in: directory) { rooms in
            let found = try #require(try rooms.database.room(room.id))
            #expect(found.shortID == room.shortID && found.version == .v11 && found.create == room.create)
            #expect(try rooms.event(event, in: found).content["body"] == "hello")
            let next = try await rooms.say("again", in: found)
            #expect(try rooms.event(next, in: found).prevEvents == [event])
        }
    }

    @Test func aRoomIsMadeOnce() async throws {
        try await TestRooms.session { rooms in
            let version = RoomVersion.v11
            let newRoom = try NewRoom(
                version: version, roomID: RoomID(trusted: "!once:example.org"), creator: TestRooms.alice, content: ["room_version": "11"],
                originServerTS: 1, serverName: TestRooms.serverName, signingKey: rooms.signingKey)
            #expect(try await rooms.commit { try $0.create(newRoom) } != nil)
            #expect(try await rooms.commit { try $0.create(newRoom) } == nil)
            #expect(try rooms.database.room(RoomID(trusted: "!never:example.org")) == nil)
        }
    }
}
