import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers
import TestSupport
import Testing

@testable import RoomsDatabase

/// What is missing of a room: gaps, history that is fetched backwards, rooms that are entered with a given state.
@Suite struct HistoryTests {
    private static let alice = RemoteRoom.alice
    private static let bob = RemoteRoom.bob
    private static let carol = RemoteRoom.carol

    private func session(_ version: RoomVersion = .v11, _ body: (inout RemoteRoom, TestRooms) async throws -> Void) async throws {
        try await RemoteRoom.session(version, body)
    }

    // MARK: - Entering a room

    @Test(arguments: [RoomVersion.v1, .v6, .v11, .v12])
    func aRoomIsEnteredWithItsStateAndThenItsHistoryIsFetched(_ version: RoomVersion) async throws {
        try await session(version) { remote, here in
            for number in 0..<6 { try await remote.say("\(number)") }
            try await remote.send(.topic, ["topic": "before"], by: Self.alice)
            let join = try await remote.join(Self.carol)
            let given = try await here.takeState(before: join, of: remote)
            #expect(try await here.receive(join, version, before: given).isAccepted)
            #expect(try here.timeline(of: remote.room.id) == [join.id])
            #expect(try await here.currentState(of: remote.room.id) == remote.state(after: join))
            let short = try #require(try here.view.shortID(of: remote.room.id))
            #expect(try here.view.joinedMembers(of: short) == [Self.alice, Self.bob, Self.carol].sorted())
            #expect(try here.view.gaps(of: short).map(\.missing) == [join.prevEvents])
            #expect(try here.database.room(remote.room.id)?.version == version)

            // The room goes on.
            let message = try await remote.say("after")
            #expect(try await here.receive(message, version).isAccepted)
            let room = try #require(try here.database.room(remote.room.id))
            try await here.say("ours", in: room, by: Self.carol)
            let present = try here.currentState(of: remote.room.id)

            // History comes in two parts, the newer one first.
            let history = remote.events.prefix { $0.id != join.id }
            let newer = Array(history.suffix(4))
            let states = [newer[0].id: try await here.takeState(before: newer[0], of: remote)]
            let receipts = try await here.database.receiveHistory(newer.reversed(), version: version, before: join.id, states: states)
            #expect(receipts.count == newer.count && receipts.values.allSatisfy { $0.isAccepted })
            #expect(try Array(here.timeline(of: remote.room.id).prefix(5)) == newer.map(\.id) + [join.id])
            #expect(try here.view.gaps(of: short).map(\.missing) == [newer[0].prevEvents])
            let older = Array(history.dropLast(4))
            _ = try await here.database.receiveHistory(older, version: version, before: newer[0].id)
            #expect(
                try Array(here.timeline(of: remote.room.id).prefix(history.count + 1)) == remote.events.prefix(history.count + 1).map(\.id))
            #expect(try here.view.gaps(of: short).isEmpty)
            for event in history { #expect(try here.state(before: event) == remote.rooms.state(before: event)) }

            #expect(try here.currentState(of: room.id) == present, "history changes nothing of the present")
            let first = try #require(try here.view.timelineEvent(older[0].id)).pduID
            #expect(first.order < 0 && !first.isLive)
            #expect(try here.view.memberCounts(of: short).joined == 3)
        }
    }

    @Test func aGivenStateHasToBeHere() async throws {
        try await session { remote, here in
            let join = try await remote.join(Self.carol)
            let given = try await here.takeState(before: join, of: remote)
            let unknown = EventID(trusted: "$unknown")
            await #expect(throws: PipelineError.missingStateEvents([unknown])) {
                try await here.receive(join, .v11, before: GivenState(given.events + [unknown]))
            }
        }
    }

    /// Everybody here leaves, much happens, and somebody comes back: what the room was here is history.
    @Test func aRoomIsEnteredAgain() async throws {
        try await session { remote, here in
            try await remote.join(Self.carol)
            for event in remote.events { try await here.receive(event, .v11) }
            let leave = try await remote.send(.member(Self.carol), ["membership": "leave"], by: Self.carol)
            try await here.receive(leave, .v11)
            let short = try #require(try here.view.shortID(of: remote.room.id))
            #expect(try !here.view.isInRoom(TestRooms.serverName, short))
            for number in 0..<5 { try await remote.send(.topic, ["topic": .string("\(number)")], by: Self.alice) }
            let missed = Array(remote.events.suffix(5))
            let join = try await remote.join(Self.carol)
            let given = try await here.takeState(before: join, of: remote)
            #expect(try await here.receive(join, .v11, before: given).isAccepted)
            #expect(try here.extremities(of: remote.room.id) == [join.id])
            #expect(try await here.currentState(of: remote.room.id) == remote.state(after: join))
            #expect(try here.view.isInRoom(TestRooms.serverName, short))
            let (gap, _) = try #require(try here.view.gaps(of: short).first)

            // What was missed goes between the two stays, in its order.
            let position = here.database.snapshot().position
            _ = try await here.database.receiveHistory(missed, version: .v11, before: join.id)
            #expect(try here.timeline(of: remote.room.id).suffix(7) == [leave.id] + missed.map(\.id) + [join.id])
            #expect(try here.view.gaps(of: short).isEmpty)
            let orders = try missed.map { try #require(try here.view.timelineEvent($0.id)).pduID }
            #expect(orders.allSatisfy { $0 < gap && !$0.isLive })
            #expect(here.database.snapshot().position == position, "history is no news")
        }
    }

    /// An event whose previous events can't be had takes its place with a given state; one of them that comes later closes the gap, and
    /// is no extremity, since it is followed already.
    @Test func aMissingEventComesLate() async throws {
        try await session { remote, here in
            try await remote.join(Self.carol)
            for event in remote.events { try await here.receive(event, .v11) }
            let base = remote.last
            let missing = try await remote.say("missing", after: [base])
            let next = try await remote.say("next", after: [missing])
            #expect(try await here.receive(next, .v11) == .waiting(for: [missing.id]))
            let given = try await here.takeState(before: next, of: remote)
            #expect(try await here.receive(next, .v11, before: given).isAccepted)
            let short = try #require(try here.view.shortID(of: remote.room.id))
            #expect(try here.view.gaps(of: short).map(\.missing) == [[missing.id]])
            #expect(try here.view.eventsWaiting(for: missing.id, in: remote.room.id, version: .v11).isEmpty)
            #expect(try here.extremities(of: remote.room.id) == [base.id, next.id])
            #expect(try await here.receive(missing, .v11).isAccepted)
            #expect(try here.view.gaps(of: short).isEmpty)
            #expect(try here.extremities(of: remote.room.id) == [next.id])
        }
    }

    @Test func historyIsJudged() async throws {
        try await session { remote, here in
            try await remote.join(Self.carol)
            let topic = try await remote.send(.topic, ["topic": "not allowed"], by: Self.bob)
            let after = try await remote.say("after it", after: [topic])
            let leave = try await remote.send(.member(Self.carol), ["membership": "leave"], by: Self.carol, after: [after])
            let join = try await remote.join(Self.carol, after: [leave])
            let given = try await here.takeState(before: join, of: remote)
            #expect(try await here.receive(join, .v11, before: given).isAccepted)
            let history = remote.events.prefix { $0.id != join.id }
            let receipts = try await here.database.receiveHistory(Array(history), version: .v11, before: join.id)
            #expect(receipts[topic.id]?.isRejected == true)
            #expect(try here.timeline(of: remote.room.id) == remote.events.map(\.id).filter { $0 != topic.id })
            #expect(try here.view.gaps(of: #require(try here.view.shortID(of: remote.room.id))).isEmpty)
            await #expect(throws: PipelineError.notInTimeline(topic.id)) {
                try await here.database.receiveHistory([after], version: .v11, before: topic.id)
            }
        }
    }

    /// What was set long ago takes nothing back that is to be set later.
    @Test func historyTakesNoDelayedEventsBack() async throws {
        try await session { remote, here in
            let topic = try await remote.send(.topic, ["topic": "old"], by: Self.alice)
            let join = try await remote.join(Self.carol)
            let given = try await here.takeState(before: join, of: remote)
            #expect(try await here.receive(join, .v11, before: given).isAccepted)
            let id = remote.room.id
            try await here.commit { commit in
                commit.schedule(
                    DelayedEvent(
                        id: "later", user: Self.carol, device: "A", transaction: nil, room: id, type: EventType.roomTopic, stateKey: "",
                        content: Array("{}".utf8), delayMilliseconds: 1_000_000, runningSince: commit.commit.time))
            }
            let states = [topic.id: try await here.takeState(before: topic, of: remote)]
            try await here.database.receiveHistory([topic], version: .v11, before: join.id, states: states)
            #expect(try here.view.delayedEvent("later")?.event.outcome == nil)
            let news = try await remote.send(.topic, ["topic": "new"], by: Self.alice)
            #expect(try await here.receive(news, .v11).isAccepted)
            #expect(try here.view.delayedEvent("later")?.event.outcome == .cancelled)
        }
    }

    /// Two fetch at the same time; each event gets a place of its own.
    @Test func historyIsFetchedTwiceAtOnce() async throws {
        try await session { remote, here in
            let base = remote.last
            let given = try await here.takeState(before: remote.say("first", after: [base]), of: remote)
            var events: [Event] = []
            for number in 0..<120 { events.append(try await remote.say("\(number)", after: [base])) }
            let join = try await remote.join(Self.carol)
            let entered = try await here.takeState(before: join, of: remote)
            #expect(try await here.receive(join, .v11, before: entered).isAccepted)
            let states = Dictionary(uniqueKeysWithValues: events.map { ($0.id, given) })
            let (database, anchor) = (here.database, join.id)
            let (evens, odds) = (stride(from: 0, to: 120, by: 2).map { events[$0] }, stride(from: 1, to: 120, by: 2).map { events[$0] })
            async let one = database.receiveHistory(evens, version: .v11, before: anchor, states: states)
            async let other = database.receiveHistory(odds, version: .v11, before: anchor, states: states)
            let receipts = try await (one, other)
            #expect(receipts.0.count + receipts.1.count == 120)
            #expect(try Set(here.timeline(of: remote.room.id)) == Set(events.map(\.id) + [join.id]))
        }
    }

    // MARK: - From outside

    @Test func aRoomIsKnownByAnInvite() async throws {
        try await session { remote, here in
            let invite = try await remote.send(.member(Self.carol), ["membership": "invite"], by: Self.alice)
            let stripped = Array(#"[{"content":{"name":"Pub"},"sender":"@a:b","state_key":"","type":"m.room.name"}]"#.utf8)
            try await here.commit { try $0.receiveMembershipOutside(invite, stripped: stripped) }
            let short = try #require(try here.view.shortID(of: remote.room.id))
            #expect(try here.database.room(remote.room.id) == nil)
            guard case .invited(let room) = try here.view.standing(of: Self.carol, in: short) else {
                Issue.record("she is not invited")
                return
            }
            #expect(room.state == stripped)
            #expect(try here.view.standing(of: invite.id) == .outlier)

            // She declines, is invited again, and enters.
            let leave = try await remote.send(.member(Self.carol), ["membership": "leave"], by: Self.carol)
            try await here.commit { try $0.receiveMembershipOutside(leave, stripped: []) }
            #expect(try here.view.invitedRooms(of: Self.carol).isEmpty)
            #expect(try here.view.leftRooms(of: Self.carol).count == 1)
            let again = try await remote.send(.member(Self.carol), ["membership": "invite"], by: Self.alice)
            try await here.commit { try $0.receiveMembershipOutside(again, stripped: stripped) }
            let join = try await remote.join(Self.carol)
            let given = try await here.takeState(before: join, of: remote)
            #expect(try await here.receive(join, .v11, before: given).isAccepted)
            #expect(try here.view.isJoined(Self.carol, to: short))
            #expect(try here.view.invitedRooms(of: Self.carol).isEmpty)
            let counts = try here.view.memberCounts(of: short)
            #expect(counts.joined == 3 && counts.invited == 0)
        }
    }

    // MARK: - Early redactions

    @Test(arguments: [RoomVersion.v1, .v6, .v12])
    func aRedactionMayComeBeforeItsTarget(_ version: RoomVersion) async throws {
        try await session(version) { remote, here in
            let base = remote.last
            for event in remote.events { try await here.receive(event, version) }
            let secret = try await remote.say("secret word", by: Self.bob, after: [base])
            let redaction = try await remote.send(
                EventType.roomRedaction, nil, [:], by: Self.alice, after: [base], redacting: secret.id)
            let refused = try await remote.send(
                EventType.roomRedaction, nil, [:], by: UserID(trusted: "@nobody:s.example"), after: [base], redacting: base.id)
            #expect(try await here.receive(redaction, version).isAccepted)
            #expect(try await here.receive(refused, version).isRejected)
            #expect(try await here.receive(secret, version).isAccepted)
            let stored = try #require(try here.view.timelineEvent(secret.id)?.event)
            #expect(try stored.redaction == here.view.shortID(of: redaction.id))
            let room = try #require(try here.database.room(remote.room.id))
            #expect(try here.event(secret.id, in: room).content == [:])
            #expect(try here.view.search([Array("secret".utf8)], in: [room.shortID], upTo: .max, limit: 5).isEmpty)
            #expect(try here.view.reader.first(RoomsMaps.waitingRedactions, .all) == nil)
        }
    }

    @Test func anEarlyRedactionWithoutTheRightIsNone() async throws {
        try await session { remote, here in
            let base = remote.last
            for event in remote.events { try await here.receive(event, .v11) }
            let hello = try await remote.say("hello", after: [base])
            let redaction = try await remote.send(EventType.roomRedaction, nil, [:], by: Self.bob, after: [base], redacting: hello.id)
            #expect(try await here.receive(redaction, .v11).isAccepted)
            #expect(try await here.receive(hello, .v11).isAccepted)
            #expect(try here.view.timelineEvent(hello.id)?.event.redaction == ShortEventID.none)
            #expect(try here.event(hello.id, in: #require(try here.database.room(remote.room.id))).content["body"] == "hello")
        }
    }
}
