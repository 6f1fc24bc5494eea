import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers
import TestSupport
import Testing

@testable import RoomsDatabase

/// Events by which somebody wants to harm a room or the server.
@Suite struct HostileEventTests {
    private static let alice = RemoteRoom.alice
    private static let bob = RemoteRoom.bob
    private static let carol = RemoteRoom.carol

    /// The create event says by which rules the room lives, which redaction takes away before room version 11.
    @Test(arguments: [RoomVersion.v6, .v10, .v12])
    func theCreateEventIsNotRedacted(_ version: RoomVersion) async throws {
        try await RemoteRoom.session(version) { remote, here in
            for event in remote.events { try await here.receive(event, version) }
            let create = remote.room.create
            let redaction = try await remote.send(EventType.roomRedaction, nil, [:], by: Self.alice, redacting: create.id)
            #expect(try await here.receive(redaction, version).isAccepted)
            #expect(try here.view.room(remote.room.id)?.version == version)
            #expect(try here.event(create.id, in: remote.room).content == create.content)
        }
    }

    @Test func aCreateEventThatSaysAnotherVersionMakesNoRoom() async throws {
        try await RemoteRoom.session(.v10) { remote, here in
            var changed = remote.room.create.json
            changed["content"] = ["room_version": "10", "creator": .string(Self.alice.string), "more": true]
            let redacted = try Event.receive(changed, version: .v10, signatures: .verified)
            #expect(redacted.content["room_version"] == nil)
            await #expect(throws: PipelineError.otherRoomVersion(remote.room.id)) {
                try await here.database.receive(redacted, version: .v10)
            }
        }
    }

    /// What is known of the room's beginning is part of its state; it is no news when somebody sends it.
    @Test func earlyEventsAreNoNews() async throws {
        try await RemoteRoom.session { remote, here in
            let join = try await remote.join(Self.carol)
            let given = try await here.takeState(before: join, of: remote)
            #expect(try await here.receive(join, .v11, before: given).isAccepted)
            let state = try here.currentState(of: remote.room.id)
            let (create, second) = (remote.events[0], remote.events[1])
            #expect(try await here.receive(create, .v11) == .known)
            #expect(try await here.receive(second, .v11) == .waiting(for: [create.id]))

            // Where its beginning has been fetched, what follows it goes there.
            let third = remote.events[2]
            let states = [second.id: GivenState([create.id])]
            let receipts = try await here.database.receiveHistory([create, second], version: .v11, before: join.id, states: states)
            #expect(receipts.values.allSatisfy { $0.isAccepted })
            guard case .accepted(let place) = try await here.receive(third, .v11) else {
                Issue.record("it is not accepted")
                return
            }
            #expect(!place.isLive)
            #expect(try here.timeline(of: remote.room.id) == [create.id, second.id, third.id, join.id])
            #expect(try here.extremities(of: remote.room.id) == [join.id])
            #expect(try here.currentState(of: remote.room.id) == state)
        }
    }

    @Test func aRoomHasANumberOfEnds() async throws {
        try await RemoteRoom.session { remote, here in
            try await remote.join(Self.carol)
            for event in remote.events { try await here.receive(event, .v11) }
            let base = remote.last
            var names: [Event] = []
            for number in 0..<25 {
                names.append(try await remote.send(.name, ["name": .string("\(number)")], by: Self.alice, after: [base]))
            }
            for event in names { #expect(try await here.receive(event, .v11).isAccepted) }
            #expect(try here.timeline(of: remote.room.id).suffix(25) == names.map(\.id))
            #expect(try here.extremities(of: remote.room.id) == Set(names.prefix(20).map(\.id)))
            let current = try here.currentState(of: remote.room.id)[.name]
            #expect(names.prefix(20).contains { $0.id == current })

            // The next event of ours follows all; and one that follows what was left out brings that in.
            let room = try #require(try here.database.room(remote.room.id))
            let ours = try await here.say("ours", in: room, by: Self.carol)
            #expect(try here.extremities(of: room.id) == [ours])
            let merge = try await remote.say("merge", after: [names[0], names[24]])
            #expect(try await here.receive(merge, .v11).isAccepted)
            #expect(try here.state(before: merge) == remote.rooms.state(before: merge))
            #expect(try here.extremities(of: room.id) == [ours, merge.id])
        }
    }

    @Test func membershipsFromOutsideAreOfOursAndNotOfRoomsThatWeAreIn() async throws {
        try await RemoteRoom.session { remote, here in
            let foreign = try await remote.send(.member(UserID(trusted: "@eve:e.example")), ["membership": "invite"], by: Self.alice)
            let join = try await remote.join(Self.carol)
            for event in [foreign, join] { try await here.commit { try $0.receiveMembershipOutside(event, stripped: []) } }
            #expect(try here.view.shortID(of: remote.room.id) == nil)

            for event in remote.events { try await here.receive(event, .v11) }
            let forged = try await remote.send(.member(Self.carol), ["membership": "invite"], by: Self.alice)
            try await here.commit { try $0.receiveMembershipOutside(forged, stripped: []) }
            #expect(try here.view.isJoined(Self.carol, to: #require(try here.view.shortID(of: remote.room.id))))
            #expect(try here.view.invitedRooms(of: Self.carol).isEmpty)
        }
    }

    /// A forged invite stands until somebody enters the room.
    @Test func whoIsNotInvitedInTheRoomIsNotWhenSomebodyEnters() async throws {
        try await RemoteRoom.session { remote, here in
            let dave = UserID(trusted: "@dave:example.org")
            let base = remote.last
            let forged = try await remote.send(.member(Self.carol), ["membership": "invite"], by: Self.bob, after: [base])
            try await here.commit { try $0.receiveMembershipOutside(forged, stripped: Array("[]".utf8)) }
            #expect(try here.view.invitedRooms(of: Self.carol).count == 1)
            let join = try await remote.join(dave, after: [base])
            let given = try await here.takeState(before: join, of: remote)
            #expect(try await here.receive(join, .v11, before: given).isAccepted)
            #expect(try here.view.invitedRooms(of: Self.carol).isEmpty)
            #expect(try here.view.leftRooms(of: Self.carol).count == 1)
        }
    }

    /// In room version 12 no event names the create event, so that it was rejected shows otherwise.
    @Test func nothingIsAllowedOverARejectedCreateEvent() async throws {
        try await TestRooms.session { here in
            func event(_ template: EventTemplate, after previous: [Event]) throws -> Event {
                try Event.build(
                    template, version: .v12, prevEvents: previous.map { EventReference($0, version: .v12) }, authEvents: [],
                    depth: Int64(previous.count + 1), originServerTS: 1, serverName: Self.alice.serverName, signingKey: here.signingKey)
            }
            let content: JSONObject = ["room_version": "12", "additional_creators": ["nobody"]]
            let create = try event(
                EventTemplate(type: EventType.roomCreate, stateKey: "", content: content, sender: Self.alice, roomID: nil), after: [])
            let join = try event(
                EventTemplate(
                    type: EventType.roomMember, stateKey: Self.alice.string, content: ["membership": "join"], sender: Self.alice,
                    roomID: create.roomID), after: [create])
            #expect(try await here.receive(create, .v12).isRejected)
            guard case .rejected(let reason) = try await here.receive(join, .v12) else {
                Issue.record("it is not rejected")
                return
            }
            #expect(reason == "\(AuthorizationError.roomNotFromCreateEvent(create.roomID))")
        }
    }

    // MARK: - Copies

    /// In room version 1 a server chooses its events' IDs, also the same one for two.
    @Test func anIDStandsForTheFirstEventThatHasIt() async throws {
        try await RemoteRoom.session(.v1) { remote, here in
            for event in remote.events { try await here.receive(event, .v1) }
            let first = try await remote.send(.topic, ["topic": "first"], by: Self.alice)
            var changed = first.json
            for name in ["signatures", "hashes"] { changed.removeValue(forKey: name) }
            changed["content"] = ["topic": "second"]
            let second = try Event(
                EventSigning.hashAndSign(changed, version: .v1, as: Self.alice.serverName, with: here.signingKey), version: .v1)
            #expect(second.id == first.id)
            #expect(try await here.receiveOutlier(first, of: remote) == .outlier)
            #expect(try await here.receiveOutlier(second, of: remote) == .known)
            #expect(try await here.receive(second, .v1).isAccepted)
            #expect(try here.event(first.id, in: remote.room).content == first.content)
        }
    }

    @Test func aCopyWithoutContentTakesTheContentAndNotTheOtherWayRound() async throws {
        try await RemoteRoom.session { remote, here in
            for event in remote.events { try await here.receive(event, .v11) }
            let topic = try await remote.send(.topic, ["topic": "whole"], by: Self.alice)
            var changed = topic.json
            changed["content"] = ["topic": "changed"]
            let redacted = try Event.receive(changed, version: .v11, signatures: .verified)
            #expect(redacted.content == [:])
            func kept() throws -> JSONObject {
                let shortID = try #require(try here.view.shortID(of: topic.id))
                return try Event(#require(try here.view.event(shortID)), in: remote.room).content
            }
            #expect(try await here.receiveOutlier(redacted, of: remote) == .outlier)
            #expect(try kept() == [:])
            #expect(try await here.receiveOutlier(topic, of: remote) == .known)
            #expect(try kept() == topic.content)
            #expect(try await here.receiveOutlier(redacted, of: remote) == .known)
            #expect(try await here.receive(redacted, .v11).isAccepted)
            #expect(try kept() == topic.content)
        }
    }
}
