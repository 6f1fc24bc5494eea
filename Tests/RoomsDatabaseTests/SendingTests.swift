import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// Events that are made here: transactions, repeated state, refusals, redactions.
@Suite struct SendingTests {
    private func transaction(_ id: String, by user: UserID = TestRooms.alice, on device: String = "PHONE") -> Transaction {
        Transaction(user: user, device: device, name: "1/send/\(id)", id: id)
    }

    private func eventCount(in room: Room, _ view: RoomsView) throws -> Int {
        var timeline = try view.timeline(of: room.shortID, Int64.min...Int64.max, .forward)
        return try timeline.collect().count
    }

    @Test func aRepeatedTransactionSendsNothing() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom()
            let first = try await rooms.say("once", in: room, transaction("1"))
            let count = try eventCount(in: room, rooms.view)
            #expect(try await rooms.say("twice", in: room, transaction("1")) == first)
            #expect(try eventCount(in: room, rooms.view) == count)
            #expect(try await rooms.say("once", in: room, transaction("1", on: "TABLET")) != first)
            #expect(try await rooms.say("once", in: room, transaction("2")) != first)

            let shortID = try #require(try rooms.view.shortID(of: first))
            let sender = try #require(try rooms.view.transactions(of: [shortID]).first.flatMap(\.self))
            #expect(sender.user == TestRooms.alice && sender.device == "PHONE" && sender.id == "1")
        }
    }

    @Test func aRefusedTransactionMayComeAgain() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom(.v12, [(.joinRules, ["join_rule": "public"])])
            await #expect(throws: AuthorizationError.self) {
                try await rooms.say("early", in: room, by: TestRooms.bob, transaction("1", by: TestRooms.bob))
            }
            try await rooms.setMembership(.join, of: TestRooms.bob, in: room, by: TestRooms.bob)
            let sent = try await rooms.say("later", in: room, by: TestRooms.bob, transaction("1", by: TestRooms.bob))
            #expect(try rooms.event(sent, in: room).content["body"] == "later")
        }
    }

    @Test func stateThatChangesNothingIsNotSent() async throws {
        try await TestRooms.session { rooms in
            let bob = TestRooms.bob
            let room = try await rooms.makeRoom(
                .v12,
                [
                    (.joinRules, ["join_rule": "public"]),
                    (.powerLevels, ["events": ["org.example": 0]]),
                ])
            let key = StateKey("org.example", "key")
            let first = try await rooms.set(key, ["a": 1, "b": [1]], in: room)
            #expect(try await rooms.set(key, ["b": [1], "a": 1], in: room) == first)
            try await rooms.setMembership(.join, of: bob, in: room, by: bob)
            let bobs = try await rooms.set(key, ["a": 1, "b": [1]], in: room, by: bob)
            #expect(bobs != first)
            // Who has left is not told what still stands.
            try await rooms.setMembership(.leave, of: bob, in: room, by: bob)
            await #expect(throws: AuthorizationError.self) { try await rooms.set(key, ["a": 1, "b": [1]], in: room, by: bob) }
        }
    }

    /// A commit that comes to nothing gives its short IDs back; rights that it has seen must not be taken for those of the events that get
    /// them next.
    @Test func rightsOfALostCommitAreForgotten() async throws {
        try await TestRooms.session { rooms in
            struct Lost: Error {}
            let signingKey = rooms.signingKey
            let room = try await rooms.makeRoom(.v11, [(.powerLevels, ["users": ["@alice:example.org": 100]])])
            let lower: JSONObject = ["users": ["@alice:example.org": 100], "redact": 10]
            await #expect(throws: Lost.self) {
                try await rooms.commit { commit in
                    _ = try commit.send(
                        .state(.powerLevels, lower, in: room, by: TestRooms.alice), in: room, signingKey: signingKey)
                    #expect(try commit.powerLevels(in: room).redact == 10)
                    throw Lost()
                }
            }
            let higher: JSONObject = ["users": ["@alice:example.org": 100], "redact": 60]
            try await rooms.set(.powerLevels, higher, in: room)
            #expect(try await rooms.commit { try $0.powerLevels(in: room).redact } == 60)
        }
    }

    // MARK: - Redactions

    private func redact(
        _ event: EventID, in room: Room, by sender: UserID = TestRooms.alice, _ rooms: TestRooms
    ) async throws -> EventID {
        try await rooms.commit { [signingKey = rooms.signingKey] commit in
            let template = EventTemplate(
                type: EventType.roomRedaction, content: [:], sender: sender, roomID: room.id, redacts: event)
            return try commit.send(template, in: room, signingKey: signingKey)
        }
    }

    @Test(arguments: RoomVersion.supported)
    func aRedactionRewritesWhatIsStored(_ version: RoomVersion) async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom(version)
            let message = try await rooms.say("secret", in: room)
            let original = try rooms.event(message, in: room)
            let redaction = try await redact(message, in: room, rooms)

            let (pduID, stored) = try #require(try rooms.view.timelineEvent(message))
            #expect(try stored.redaction == rooms.view.shortID(of: redaction))
            let redacted = try rooms.event(message, in: room)
            #expect(redacted.content == [:])
            #expect(redacted.json["hashes"] == original.json["hashes"] && redacted.json["signatures"] == original.json["signatures"])
            #expect(try rooms.view.shortID(of: message) == stored.shortID && pduID.room == room.shortID)

            // A second redaction stands in the timeline and changes nothing.
            _ = try await redact(message, in: room, rooms)
            #expect(try rooms.view.timelineEvent(message)?.event.redaction == stored.redaction)
        }
    }

    @Test func aRedactionStaysInItsRoom() async throws {
        try await TestRooms.session { rooms in
            let (room, other) = (try await rooms.makeRoom(), try await rooms.makeRoom())
            let message = try await rooms.say("elsewhere", in: other)
            _ = try await redact(message, in: room, rooms)
            #expect(try rooms.event(message, in: other).content["body"] == "elsewhere")
            _ = try await redact(EventID(trusted: "$unknown"), in: room, rooms)
        }
    }

    @Test func stateIsRedactedInPlace() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom(.v11, [(.powerLevels, ["users": ["@alice:example.org": 100]])])
            let levels: JSONObject = ["users": ["@alice:example.org": 100], "notifications": ["room": 20], "kick": 40]
            let changed = try await rooms.set(.powerLevels, levels, in: room)
            #expect(try await rooms.commit { try $0.powerLevels(in: room).levelToNotify("room") } == 20)
            let state = try rooms.view.currentState(of: room.shortID)
            _ = try await redact(changed, in: room, rooms)
            #expect(try rooms.view.currentState(of: room.shortID) == state)
            #expect(try rooms.view.currentEvent(.powerLevels, in: room.shortID)?.id == changed)
            let redacted = try await rooms.commit { try $0.powerLevels(in: room) }
            #expect(redacted.kick == 40 && redacted.levelToNotify("room") == 50)
        }
    }
}
