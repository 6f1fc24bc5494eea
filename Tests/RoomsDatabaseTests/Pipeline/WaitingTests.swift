import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers
import TestSupport
import Testing

@testable import RoomsDatabase

/// Events that wait for others, and what goes on when these come.
@Suite struct WaitingTests {
    private static let alice = RemoteRoom.alice
    private static let carol = RemoteRoom.carol

    private func session(_ body: (inout RemoteRoom, TestRooms) async throws -> Void) async throws {
        try await RemoteRoom.session { remote, here in
            for event in remote.events { try await here.receive(event, .v11) }
            try await body(&remote, here)
        }
    }

    private func waits(_ rooms: TestRooms) throws -> Int {
        var entries = try rooms.view.reader.domain(RoomsMaps.waitingEvents, .all)
        return try entries.collect().count
    }

    @Test func aWaitEndsWithWhatItWasFor() async throws {
        try await session { remote, here in
            let base = remote.last
            let first = try await remote.say("first", after: [base])
            let missing = try await remote.say("missing", after: [base])
            let waiting = try await remote.say("waiting", after: [first, missing])
            #expect(try await here.receive(waiting, .v11) == .waiting(for: waiting.prevEvents))
            #expect(try waits(here) == 2)
            #expect(try await here.receive(first, .v11).isAccepted)
            // What it no longer waits for doesn't have it tried again, however often that comes.
            #expect(try waits(here) == 1)
            #expect(try here.view.eventsWaiting(for: first.id, in: remote.room.id, version: .v11).isEmpty)
            #expect(try await here.receive(first, .v11) == .known)
            #expect(try await here.receive(missing, .v11).isAccepted)
            #expect(try here.timeline(of: remote.room.id).suffix(3) == [first.id, missing.id, waiting.id])
            #expect(try waits(here) == 0)
        }
    }

    /// What will never be allowed waits too, for the state before it; when it comes again, nothing is done.
    @Test func whatIsRejectedAtOnceWaits() async throws {
        try await session { remote, here in
            let base = remote.last
            let missing = try await remote.say("missing", after: [base])
            let eve = UserID(trusted: "@eve:e.example")
            let topic = try await remote.send(EventType.roomTopic, "", ["topic": "no"], by: eve, after: [missing])
            #expect(try await here.receive(topic, .v11).isRejected)
            #expect(try await here.receive(topic, .v11) == .known)
            #expect(try waits(here) == 1)
            #expect(try await here.receive(missing, .v11).isAccepted)
            #expect(try here.state(before: topic) == remote.rooms.state(before: topic))
            #expect(try waits(here) == 0)
        }
    }

    @Test func aRoomHasANumberOfWaits() async throws {
        try await session { remote, here in
            let room = try #require(try here.database.room(remote.room.id)).shortID
            try await here.commit { commit in
                for number in 1...1_000 as ClosedRange<UInt64> {
                    let (missing, waiting) = (ShortEventID(number: number << 32), ShortEventID(number: number << 33))
                    commit.commit.put(RoomsMaps.waitingEvents, FixedKey(room, missing, waiting), .none)
                }
            }
            let missing = try await remote.say("missing")
            let waiting = try await remote.say("waiting")
            await #expect(throws: PipelineError.tooMuchWaits(in: remote.room.id)) { try await here.receive(waiting, .v11) }
            try await here.commit { $0.commit.delete(RoomsMaps.waitingEvents, .fixed(room)) }
            #expect(try await here.receive(waiting, .v11) == .waiting(for: [missing.id]))
        }
    }

    /// The program ends after the commit that an event has waited for, and before the event's own.
    @Test func waitsGoOnAfterARestart() async throws {
        try await session { remote, here in
            let missing = try await remote.say("missing")
            let waiting = try await remote.say("waiting")
            #expect(try await here.receive(waiting, .v11) == .waiting(for: [missing.id]))
            let receipt = try await here.commit { try $0.receive(missing, in: $0.room(of: missing, version: .v11)) }
            #expect(receipt.isAccepted)
            #expect(try here.view.timelineEvent(waiting.id) == nil)
            try await here.database.receiveArrivedEvents()
            #expect(try here.timeline(of: remote.room.id).suffix(2) == [missing.id, waiting.id])
        }
    }

    @Test func historyThatHasWaitedIsHistory() async throws {
        try await RemoteRoom.session { remote, here in
            let first = try await remote.say("first")
            let second = try await remote.say("second")
            let join = try await remote.join(Self.carol)
            let given = try await here.takeState(before: join, of: remote)
            #expect(try await here.receive(join, .v11, before: given).isAccepted)
            let position = here.database.snapshot().position
            let early = try await here.database.receiveHistory([second], version: .v11, before: join.id)
            #expect(early == [second.id: .waiting(for: [first.id])])
            let states = [first.id: try await here.takeState(before: first, of: remote)]
            try await here.database.receiveHistory([first], version: .v11, before: join.id, states: states)
            #expect(try here.timeline(of: remote.room.id) == [first.id, second.id, join.id])
            #expect(try here.extremities(of: remote.room.id) == [join.id])
            #expect(here.database.snapshot().position == position, "history is no news")
        }
    }
}
