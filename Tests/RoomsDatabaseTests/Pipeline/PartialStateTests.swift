import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers
import TestSupport
import Testing

@testable import RoomsDatabase

/// Rooms that are entered with a state that lacks members, and what is judged until these have come.
@Suite struct PartialStateTests {
    private static let alice = RemoteRoom.alice
    private static let bob = RemoteRoom.bob
    private static let carol = RemoteRoom.carol

    /// Carol enters with a state that lacks members; Bob has been banned, and what he sends in the meantime passes by its auth events
    /// alone.
    @Test func whatWasJudgedOnPartialStateIsJudgedAgain() async throws {
        try await RemoteRoom.session { remote, here in
            let bobJoined = try #require(remote.events.first { $0.key == .member(Self.bob) })
            let before = remote.last
            try await remote.send(.member(Self.bob), ["membership": "ban"], by: Self.alice)
            let join = try await remote.join(Self.carol)
            // Bob's server knows of no ban, and names the join's event as the previous one all the same.
            let forged = try await remote.send(
                EventType.roomMessage, nil, ["msgtype": "m.text", "body": "secret word"], by: Self.bob, after: [join], rights: before)
            #expect(forged.authEvents.contains(bobJoined.id))
            let next = try await remote.say("next", after: [forged])

            let given = try await here.takeState(before: join, of: remote) { $0 == .member(Self.bob) }
            let receipt = try await here.receive(join, .v11, before: GivenState(given.events, isPartial: true))
            #expect(receipt.isAccepted)
            let short = try #require(try here.view.shortID(of: remote.room.id))
            #expect(try here.view.isPartial(short))
            for event in [bobJoined] {
                let create = remote.room.create
                try await here.commit { _ = try $0.receiveOutlier(event, in: $0.room(of: create, version: .v11)) }
            }
            #expect(try await here.receive(forged, .v11).isAccepted)
            #expect(try await here.receive(next, .v11).isAccepted)
            #expect(try here.view.eventsOnPartialState(in: short).count == 3)
            #expect(try here.view.search([Array("secret".utf8)], in: [short], upTo: .max, limit: 5).count == 1)

            let full = try await here.takeState(before: join, of: remote)
            let room = try #require(try here.database.room(remote.room.id))
            let position = here.database.snapshot().position
            try await here.database.completeState(of: room, before: join.id, with: full)
            #expect(try !here.view.isPartial(short))
            #expect(try here.view.timelineEvent(forged.id) == nil)
            #expect(try here.view.isRejected(#require(try here.view.shortID(of: forged.id))))
            #expect(try here.view.search([Array("secret".utf8)], in: [short], upTo: .max, limit: 5).isEmpty)
            #expect(try here.timeline(of: remote.room.id) == [join.id, next.id])
            #expect(try here.extremities(of: remote.room.id) == [next.id])
            #expect(try await here.currentState(of: remote.room.id) == remote.state(after: next))
            for event in [join, forged, next] { #expect(try here.state(before: event) == remote.rooms.state(before: event)) }
            let news = try #require(try here.database.snapshot().changes(after: position, limit: 10))
            #expect(news.contains { $0.change.scope == short.scope })
        }
    }

    /// The first state had older power levels, by which Bob may not do what he did.
    @Test func whatWasRejectedOnPartialStateIsAcceptedLater() async throws {
        try await RemoteRoom.session { remote, here in
            let older = try #require(remote.events.first { $0.key == .powerLevels })
            let moderators: JSONObject = ["users": [.init(Self.alice.string): 100, .init(Self.bob.string): 50]]
            let newer = try await remote.send(.powerLevels, moderators, by: Self.alice)
            let join = try await remote.join(Self.carol)
            let topic = try await remote.send(.topic, ["topic": "bob's"], by: Self.bob)
            let full = try await here.takeState(before: join, of: remote)
            let partial = GivenState(full.events.filter { $0 != newer.id } + [older.id], isPartial: true)
            #expect(try await here.receive(join, .v11, before: partial).isAccepted)
            #expect(try await here.receive(topic, .v11).isRejected)
            #expect(try here.currentState(of: remote.room.id)[.topic] == nil)

            let room = try #require(try here.database.room(remote.room.id))
            try await here.database.completeState(of: room, before: join.id, with: full)
            #expect(try here.timeline(of: remote.room.id) == [join.id, topic.id])
            #expect(try here.extremities(of: remote.room.id) == [topic.id])
            #expect(try await here.currentState(of: remote.room.id) == remote.state(after: topic))
        }
    }

    /// What is missing in between says more of the room than members; it stays so.
    @Test func aStateThatWasGivenLaterIsCompletedWithMembers() async throws {
        try await RemoteRoom.session { remote, here in
            let join = try await remote.join(Self.carol)
            try await remote.send(.topic, ["topic": "missed"], by: Self.alice)
            let next = try await remote.say("after the gap", by: Self.bob)
            let full = try await here.takeState(before: join, of: remote)
            let lacksBob = try await here.takeState(before: join, of: remote) { $0 == .member(Self.bob) }
            #expect(try await here.receive(join, .v11, before: GivenState(lacksBob.events, isPartial: true)).isAccepted)
            let given = try await here.takeState(before: next, of: remote) { $0 == .member(Self.bob) }
            #expect(try await here.receive(next, .v11, before: GivenState(given.events, isPartial: true)).isAccepted)
            let room = try #require(try here.database.room(remote.room.id))
            try await here.database.completeState(of: room, before: join.id, with: full)
            #expect(try here.state(before: next) == remote.rooms.state(before: next))
            #expect(try here.state(before: join) == remote.rooms.state(before: join))
        }
    }

    /// The rejected event was heard of before the one that it follows, and stamped with no position of its own.
    @Test func eventsAreJudgedAgainInTheirOrder() async throws {
        try await RemoteRoom.session { remote, here in
            let older = try #require(remote.events.first { $0.key == .powerLevels })
            let moderators: JSONObject = ["users": [.init(Self.alice.string): 100, .init(Self.bob.string): 50]]
            let newer = try await remote.send(.powerLevels, moderators, by: Self.alice)
            let join = try await remote.join(Self.carol)
            let message = try await remote.say("before it")
            let topic = try await remote.send(.topic, ["topic": "bob's"], by: Self.bob)
            let full = try await here.takeState(before: join, of: remote)
            let partial = GivenState(full.events.filter { $0 != newer.id } + [older.id], isPartial: true)
            #expect(try await here.receive(join, .v11, before: partial).isAccepted)
            #expect(try await here.receive(topic, .v11) == .waiting(for: [message.id]))
            #expect(try await here.receive(message, .v11).isAccepted)
            #expect(try here.view.isRejected(#require(try here.view.shortID(of: topic.id))))
            let room = try #require(try here.database.room(remote.room.id))
            try await here.database.completeState(of: room, before: join.id, with: full)
            #expect(try here.timeline(of: room.id) == [join.id, message.id, topic.id])
            #expect(try here.extremities(of: room.id) == [topic.id])
        }
    }

    @Test func historyIsJudgedOnPartialState() async throws {
        try await RemoteRoom.session { remote, here in
            let first = try await remote.say("first", by: Self.bob)
            let second = try await remote.say("second", by: Self.bob)
            let join = try await remote.join(Self.carol)
            let full = try await here.takeState(before: join, of: remote)
            let lacksBob = try await here.takeState(before: join, of: remote) { $0 == .member(Self.bob) }
            #expect(try await here.receive(join, .v11, before: GivenState(lacksBob.events, isPartial: true)).isAccepted)
            let states = [first.id: GivenState(lacksBob.events, isPartial: true)]
            let receipts = try await here.database.receiveHistory([first, second], version: .v11, before: join.id, states: states)
            #expect(receipts.values.allSatisfy { $0.isAccepted })
            let room = try #require(try here.database.room(remote.room.id))
            try await here.database.completeState(of: room, before: join.id, with: full)
            #expect(try here.timeline(of: room.id) == [first.id, second.id, join.id])
            #expect(try here.extremities(of: room.id) == [join.id])
            for event in [first, second, join] { #expect(try here.state(before: event) == remote.rooms.state(before: event)) }
        }
    }

    /// Without the ban nobody could know that the join wasn't allowed.
    @Test func whoShouldNotHaveEnteredIsOut() async throws {
        try await RemoteRoom.session { remote, here in
            let before = remote.last
            let ban = try await remote.send(.member(Self.carol), ["membership": "ban"], by: Self.alice)
            let join = try await remote.send(
                EventType.roomMember, Self.carol.string, ["membership": "join"], by: Self.carol, rights: before)
            let full = try await here.takeState(before: join, of: remote)
            let partial = try await here.takeState(before: join, of: remote) { $0 == .member(Self.carol) }
            #expect(try await here.receive(join, .v11, before: GivenState(partial.events, isPartial: true)).isAccepted)
            let room = try #require(try here.database.room(remote.room.id))
            #expect(try here.view.isJoined(Self.carol, to: room.shortID))
            try await here.database.completeState(of: room, before: join.id, with: full)
            #expect(try !here.view.isInRoom(TestRooms.serverName, room.shortID))
            #expect(try here.currentState(of: room.id)[.member(Self.carol)] == ban.id)
            #expect(try here.view.joinedMembers(of: room.shortID) == [Self.alice, Self.bob].sorted())
            #expect(try here.timeline(of: room.id).isEmpty)
        }
    }
}
