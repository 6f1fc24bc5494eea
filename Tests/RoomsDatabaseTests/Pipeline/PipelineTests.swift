import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers
import TestSupport
import Testing

@testable import RoomsDatabase

/// Events of other servers whose previous events are here: what becomes of them, and of the room.
@Suite struct PipelineTests {
    private static let alice = RemoteRoom.alice
    private static let bob = RemoteRoom.bob
    private static let carol = RemoteRoom.carol

    /// A room elsewhere and a database here that has all of it.
    private func session(
        _ version: RoomVersion = .v11, powerLevels: JSONObject = [:], _ body: (inout RemoteRoom, TestRooms) async throws -> Void
    ) async throws {
        try await TestRooms.session { there in
            var remote = try await RemoteRoom(version, powerLevels: powerLevels, in: there)
            try await remote.join(Self.bob)
            try await remote.join(Self.carol)
            try await TestRooms.session { here in
                for event in remote.events { #expect(try await here.receive(event, version).isAccepted) }
                try await body(&remote, here)
            }
        }
    }

    @Test(arguments: RoomVersion.supported)
    func aRoomOfAnotherServerIsTakenEventByEvent(_ version: RoomVersion) async throws {
        try await session(version) { remote, here in
            let message = try await remote.say("hello", by: Self.bob)
            #expect(try await here.receive(message, version).isAccepted)
            #expect(try await here.receive(message, version) == .known)
            #expect(try here.timeline(of: remote.room.id) == remote.events.map(\.id))
            #expect(try here.extremities(of: remote.room.id) == [message.id])
            #expect(try await here.currentState(of: remote.room.id) == remote.state(after: message))
            let short = try #require(try here.view.shortID(of: remote.room.id))
            #expect(try here.view.joinedMembers(of: short) == [Self.alice, Self.bob, Self.carol].sorted())
            #expect(try here.view.memberCounts(of: short).joined == 3)
        }
    }

    @Test func ourEventsFollowAllExtremities() async throws {
        try await session { remote, here in
            let base = remote.last
            let one = try await remote.say("one", after: [base])
            let other = try await remote.send(.topic, ["topic": "other"], by: Self.alice, after: [base])
            for event in [one, other] { #expect(try await here.receive(event, .v11).isAccepted) }
            #expect(try here.extremities(of: remote.room.id) == [one.id, other.id])
            let room = try #require(try here.database.room(remote.room.id))
            let ours = try await here.say("ours", in: room, by: Self.carol)
            let event = try here.event(ours, in: room)
            #expect(Set(event.prevEvents) == [one.id, other.id] && event.depth == base.depth + 2)
            #expect(try here.extremities(of: remote.room.id) == [ours])
            #expect(try here.state(before: event)[.topic] == other.id)
        }
    }

    /// Bob's ban and his topic are made at the same time: the ban wins, and with it goes what he did.
    @Test(arguments: [RoomVersion.v2, .v11, .v12])
    func theCurrentStateIsResolvedOverForks(_ version: RoomVersion) async throws {
        try await session(version, powerLevels: ["users": [.init(Self.bob.string): 50]]) { remote, here in
            let base = remote.last
            let ban = try await remote.send(.member(Self.bob), ["membership": "ban"], by: Self.alice, after: [base])
            let topic = try await remote.send(.topic, ["topic": "bob's"], by: Self.bob, after: [base])
            let short = try #require(try here.view.shortID(of: remote.room.id))

            #expect(try await here.receive(topic, version).isAccepted)
            #expect(try here.currentState(of: remote.room.id)[.topic] == topic.id)
            #expect(try here.view.isJoined(Self.bob, to: short))
            guard case .accepted(let pduID) = try await here.receive(ban, version) else {
                Issue.record("the ban is not accepted")
                return
            }
            let state = try here.currentState(of: remote.room.id)
            #expect(state[.topic] == nil && state[.member(Self.bob)] == ban.id)
            #expect(try here.view.currentEventID(.topic, in: short) == nil)
            #expect(
                try here.view.standing(of: Self.bob, in: short) == .left(LeftRoom(position: pduID.position, joinedUntil: pduID.position)))
            #expect(try here.view.memberCounts(of: short).joined == 2)
            #expect(try here.view.state(of: short, at: pduID.position) == here.view.currentState(of: short))
            #expect(try await remote.state(after: ban, topic) == state)

            // The merge of the two has this state before it, and is the only extremity again.
            let merge = try await remote.say("merge", after: [ban, topic])
            #expect(try await here.receive(merge, version).isAccepted)
            #expect(try here.state(before: merge) == state)
            #expect(try here.extremities(of: remote.room.id) == [merge.id])
        }
    }

    /// A membership can change without an event of its own in the timeline at that moment.
    @Test func membershipsFollowTheResolvedState() async throws {
        try await session(powerLevels: ["users": [.init(Self.bob.string): 50]]) { remote, here in
            let base = remote.last
            // Bob removes Carol, who is ours, on one side; on the other Alice has taken his power.
            let kick = try await remote.send(.member(Self.carol), ["membership": "leave"], by: Self.bob, after: [base])
            let levels = try await remote.send(
                .powerLevels, ["users": [.init(Self.alice.string): 100]], by: Self.alice, after: [base])
            let short = try #require(try here.view.shortID(of: remote.room.id))
            #expect(try await here.receive(kick, .v11).isAccepted)
            #expect(try !here.view.isJoined(Self.carol, to: short))
            let before = here.database.snapshot().position
            #expect(try await here.receive(levels, .v11).isAccepted)
            #expect(try here.view.isJoined(Self.carol, to: short))
            #expect(try here.view.joinedRooms(of: Self.carol).map(\.room) == [short])
            // Carol's syncs learn of it.
            let news = try #require(try here.database.snapshot().changes(after: before, limit: 10))
            #expect(news.contains { $0.change.scope == .user(Self.carol) && $0.change.kind == RoomsChange.membership.rawValue })
        }
    }

    // MARK: - Rejected and soft-failed events

    @Test(arguments: RoomVersion.supported)
    func anEventThatTheStateBeforeItForbidsIsRejected(_ version: RoomVersion) async throws {
        try await session(version) { remote, here in
            let base = remote.last
            let topic = try await remote.send(.topic, ["topic": "not allowed"], by: Self.bob, after: [base])
            #expect(try await here.receive(topic, version).isRejected)
            #expect(try await here.receive(topic, version) == .known)
            guard case .rejected(let reason) = try here.view.standing(of: topic.id) else {
                Issue.record("it is not kept as rejected")
                return
            }
            #expect(reason.contains("power level"))
            #expect(try here.view.timelineEvent(topic.id) == nil)
            #expect(try here.extremities(of: remote.room.id) == [base.id])
            #expect(try here.state(before: topic)[.topic] == nil)

            // What follows a rejected event is judged by the state before that, and takes the place of what that followed.
            let next = try await remote.say("after it", after: [topic])
            #expect(try await here.receive(next, version).isAccepted)
            #expect(try here.state(before: next) == here.state(before: topic))
            #expect(try here.extremities(of: remote.room.id) == [next.id])
        }
    }

    @Test func anEventOverARejectedAuthEventIsRejected() async throws {
        try await session { remote, here in
            let base = remote.last
            let eve = UserID(trusted: "@eve:other.example")
            try await remote.send(.joinRules, ["join_rule": "invite"], by: Self.alice)
            let closed = remote.last
            let join = try await remote.join(eve, after: [closed])
            let message = try await remote.send(
                EventType.roomMessage, nil, ["body": "hi"], by: eve, after: [closed], rights: base)
            var forged = message.json
            for name in ["signatures", "hashes"] { forged.removeValue(forKey: name) }
            forged["auth_events"] = .array((message.authEvents + [join.id]).map { .string($0.string) })
            let signed = try EventSigning.hashAndSign(forged, version: .v11, as: eve.serverName, with: here.signingKey)
            let withJoin = try Event(signed, version: .v11)
            for event in [closed, join] { try await here.receive(event, .v11) }
            guard case .rejected(let reason) = try await here.receive(withJoin, .v11) else {
                Issue.record("it is not rejected")
                return
            }
            #expect(reason == "\(AuthorizationError.rejectedAuthEvent(join.id))")
        }
    }

    @Test func anEventThatTheCurrentStateForbidsIsSoftFailed() async throws {
        try await session { remote, here in
            let base = remote.last
            let ban = try await remote.send(.member(Self.bob), ["membership": "ban"], by: Self.alice, after: [base])
            let late = try await remote.say("before the ban", by: Self.bob, after: [base])
            #expect(try await here.receive(ban, .v11).isAccepted)
            let before = here.database.snapshot().position
            #expect(try await here.receive(late, .v11).isSoftFailed)
            #expect(try here.view.standing(of: late.id) == .softFailed)
            #expect(try here.view.timelineEvent(late.id) == nil)
            #expect(try here.extremities(of: remote.room.id) == [ban.id])
            #expect(here.database.snapshot().position == before, "nobody's sync is woken")
            #expect(try await here.receive(late, .v11) == .known)

            // An event that follows it is an event like others.
            let merge = try await remote.say("both", after: [ban, late])
            #expect(try await here.receive(merge, .v11).isAccepted)
            #expect(try here.extremities(of: remote.room.id) == [merge.id])
        }
    }

    /// Specification: server-server API, "Checks performed on receipt of a PDU", step 7.
    @Test func whatThePolicyServerRefusesIsSoftFailed() async throws {
        try await session { remote, here in
            let spam = try await remote.say("spam")
            let receipt = try await here.database.receive(spam, version: .v11, refusal: "It is spam")
            #expect(receipt == .softFailed(reason: "It is spam"))
            #expect(try here.view.standing(of: spam.id) == .softFailed)
            // What isn't allowed is rejected all the same.
            let topic = try await remote.send(.topic, ["topic": "not allowed"], by: Self.bob)
            #expect(try await here.database.receive(topic, version: .v11, refusal: "It is spam").isRejected)
        }
    }

    /// A soft-failed state event counts in the states after it.
    @Test func whatFollowsASoftFailedEventHasItsState() async throws {
        try await session(powerLevels: ["users": [.init(Self.bob.string): 50]]) { remote, here in
            let base = remote.last
            let demotion = try await remote.send(
                .powerLevels, ["users": [.init(Self.alice.string): 100]], by: Self.alice, after: [base])
            let topic = try await remote.send(.topic, ["topic": "bob's"], by: Self.bob, after: [base])
            let after = try await remote.say("after the topic", after: [topic])
            #expect(try await here.receive(demotion, .v11).isAccepted)
            #expect(try await here.receive(topic, .v11).isSoftFailed)
            #expect(try await here.receive(after, .v11).isAccepted)
            #expect(try here.state(before: after)[.topic] == topic.id)
            #expect(try here.currentState(of: remote.room.id)[.topic] == nil)
            #expect(try here.extremities(of: remote.room.id) == [demotion.id, after.id])
        }
    }

    @Test func aSecondCreateEventIsRejected() async throws {
        try await session { remote, here in
            let content: JSONObject = ["room_version": "11", "name": "usurper"]
            let second = try Event.build(
                EventTemplate(type: EventType.roomCreate, stateKey: "", content: content, sender: Self.alice, roomID: remote.room.id),
                version: .v11, prevEvents: [], authEvents: [], depth: 1, originServerTS: 5, serverName: Self.alice.serverName,
                signingKey: here.signingKey)
            #expect(try await here.receive(second, .v11).isRejected)
            #expect(try here.currentState(of: remote.room.id)[.create] == remote.room.create.id)
        }
    }

    // MARK: - What has to be here first

    @Test func missingAuthEventsAreNamed() async throws {
        try await session { remote, here in
            let base = remote.last
            let eve = UserID(trusted: "@eve:other.example")
            let join = try await remote.join(eve, after: [base])
            let message = try await remote.say("hi", by: eve)
            await #expect(throws: PipelineError.missingAuthEvents([join.id])) { try await here.receive(message, .v11) }
            // As an outlier it gives the right already.
            let create = remote.room.create
            let receipt = try await here.commit { try $0.receiveOutlier(join, in: $0.room(of: create, version: .v11)) }
            #expect(receipt == .outlier)
            #expect(try here.view.standing(of: join.id) == .outlier)
            #expect(try await here.receive(message, .v11) == .waiting(for: [join.id]))
            // The outlier joins the timeline, and who waited for it follows.
            #expect(try await here.receive(join, .v11).isAccepted)
            #expect(try here.timeline(of: remote.room.id).suffix(2) == [join.id, message.id])
            #expect(try here.view.isJoined(eve, to: #require(try here.view.shortID(of: remote.room.id))))
        }
    }

    @Test func aRoomThatIsNotHereIsRefused() async throws {
        try await session { remote, here in
            let other = try Event.build(
                .message(
                    "hi",
                    in: Room(
                        id: RoomID(trusted: "!nowhere:remote.example"), shortID: ShortRoomID(number: 1), version: .v11,
                        create: remote.room.create),
                    by: Self.bob), version: .v11, prevEvents: [], authEvents: [], depth: 1, originServerTS: 5,
                serverName: Self.bob.serverName, signingKey: here.signingKey)
            await #expect(throws: PipelineError.unknownRoom(other.roomID)) { try await here.receive(other, .v11) }
        }
    }

    @Test func eventsOfAnotherRoomAreNotFollowed() async throws {
        try await session { remote, here in
            let room = try await here.makeRoom(.v11)
            let elsewhere = try await here.say("elsewhere", in: room)
            let message = try Event.build(
                .message("hi", in: remote.room, by: Self.bob), version: .v11, prevEvents: [EventReference(elsewhere)],
                authEvents: try Authorization.authEventKeys(for: .message("hi", in: remote.room, by: Self.bob), version: .v11).compactMap {
                    try here.currentState(of: remote.room.id)[$0].map { EventReference($0) }
                }, depth: 9, originServerTS: 5, serverName: Self.bob.serverName, signingKey: here.signingKey)
            #expect(try await here.receive(message, .v11) == .waiting(for: [elsewhere]))
        }
    }

    // MARK: - The event alone

    @Test func anEventIsCheckedAlone() async throws {
        try await session { remote, here in
            let message = try await remote.say("hello", by: Self.bob)
            func key(_ server: ServerName, _ keyID: String, _ ts: Int64) -> VerifyKey? {
                server == Self.bob.serverName ? here.signingKey.verifyKey : nil
            }
            #expect(try Event.receive(message.json, version: .v11, signatures: .keys(key)) == message)
            var changed = message.json
            changed["content"] = ["body": "something else"]
            let redacted = try Event.receive(changed, version: .v11, signatures: .keys(key))
            #expect(redacted.id == message.id && redacted.content == [:])
            #expect(throws: SignatureError.noKnownKey(Self.bob.serverName)) {
                _ = try Event.receive(message.json, version: .v11, signatures: .keys { _, _, _ in nil })
            }
            var unsigned = message.json
            unsigned["signatures"] = [:]
            #expect(throws: SignatureError.notSigned(by: Self.bob.serverName)) {
                _ = try Event.receive(unsigned, version: .v11, signatures: .keys(key))
            }
            var large = message.json
            large["content"] = ["body": .string(String(repeating: "x", count: 70_000))]
            #expect(throws: EventFormatError.self) { _ = try Event.receive(large, version: .v11, signatures: .verified) }
        }
    }

    // MARK: - Auth chains

    @Test(arguments: [RoomVersion.v11, .v12])
    func authChainsAreKept(_ version: RoomVersion) async throws {
        try await session(version) { remote, here in
            let levels = try await remote.send(.powerLevels, remote.events[2].content, by: Self.alice)
            try await here.receive(levels, version)
            let message = try await remote.say("hi", by: Self.bob)
            try await here.receive(message, version)
            var expected: Set<EventID> = []
            var waiting = [levels]
            while let event = waiting.popLast() {
                let ids = event.authEvents + (version.roomIDIsCreateHash && event.key != .create ? [remote.room.create.id] : [])
                waiting += remote.events.filter { ids.contains($0.id) && !expected.contains($0.id) }
                expected.formUnion(ids)
            }
            let room = try #require(try here.database.room(remote.room.id))
            for _ in 0..<2 {
                let found = try await here.commit { commit in
                    try commit.view.eventIDs(of: commit.authChain(of: #require(try commit.view.shortID(of: levels.id)), in: room))
                }
                #expect(Set(found) == expected && found.count == expected.count)
            }
            let kept = try here.view.reader.get(RoomsMaps.shortEventIDToAuthChain, #require(try here.view.shortID(of: levels.id)))
            #expect(try #require(kept).rest != nil)
        }
    }

    // MARK: - Large states

    /// States that are too large for a commit are resolved before it.
    @Test func statesAreResolvedBeforeTheCommit() async throws {
        try await session(powerLevels: ["users": [.init(Self.bob.string): 50]]) { remote, here in
            let base = remote.last
            let one = try await remote.send(.topic, ["topic": "one"], by: Self.alice, after: [base])
            let other = try await remote.send(.topic, ["topic": "other"], by: Self.bob, after: [base])
            try await here.receive(one, .v11)
            let room = try #require(try here.database.room(remote.room.id))
            await #expect(throws: StatesToResolve.self) {
                try await here.commit { try $0.receive(other, in: room, Prepared(CommitLimits(resolvedEntries: 3))) }
            }
            #expect(try await here.database.receive(other, version: .v11, within: CommitLimits(resolvedEntries: 3)).isAccepted)
            #expect(try await here.currentState(of: room.id) == remote.state(after: one, other))
            let merge = try await remote.say("merge", after: [one, other])
            #expect(try await here.database.receive(merge, version: .v11, within: CommitLimits(resolvedEntries: 3)).isAccepted)
        }
    }
}
