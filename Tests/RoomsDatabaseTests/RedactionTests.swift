import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers
import TestSupport
import Testing

@testable import RoomsDatabase

/// Redactions of what has no place in the timeline, and what is remembered of events that are rewritten.
@Suite struct RedactionTests {
    private static let alice = RemoteRoom.alice
    private static let bob = RemoteRoom.bob
    private static let carol = RemoteRoom.carol

    private func stored(_ event: Event, _ rooms: TestRooms) throws -> StoredEvent {
        let shortID = try #require(try rooms.view.shortID(of: event.id))
        return try #require(try rooms.view.event(shortID))
    }

    private func content(of event: Event, _ remote: RemoteRoom, _ rooms: TestRooms) throws -> JSONObject {
        try Event(stored(event, rooms), in: remote.room).content
    }

    /// After a room was entered its topic is an outlier, whose content everybody is shown.
    @Test(arguments: [false, true])
    func whatIsKeptApartIsRedacted(_ redactionIsFirst: Bool) async throws {
        try await RemoteRoom.session { remote, here in
            let topic = try await remote.send(.topic, ["topic": "secret"], by: Self.alice)
            let join = try await remote.join(Self.carol)
            let redaction = try await remote.send(EventType.roomRedaction, nil, [:], by: Self.alice, redacting: topic.id)
            if redactionIsFirst {
                let given = try await here.takeState(before: join, of: remote) { $0 == .topic }
                #expect(try await here.receive(join, .v11, before: given).isAccepted)
                #expect(try await here.receive(redaction, .v11).isAccepted)
                #expect(try await here.receiveOutlier(topic, of: remote) == .outlier)
            } else {
                let given = try await here.takeState(before: join, of: remote)
                #expect(try await here.receive(join, .v11, before: given).isAccepted)
                #expect(try await here.receive(redaction, .v11).isAccepted)
            }
            #expect(try content(of: topic, remote, here) == [:])
            #expect(try stored(topic, here).redaction == here.view.shortID(of: redaction.id))
            // It stays so when the event comes again, and takes its place.
            #expect(try await here.receiveOutlier(topic, of: remote) == .known)
            let states = [topic.id: try await here.takeState(before: topic, of: remote)]
            try await here.database.receiveHistory([topic], version: .v11, before: join.id, states: states)
            #expect(try here.timeline(of: remote.room.id).first == topic.id)
            #expect(try content(of: topic, remote, here) == [:])
            #expect(try stored(topic, here).redaction == here.view.shortID(of: redaction.id))
        }
    }

    @Test func softFailedAndRejectedEventsAreRedacted() async throws {
        try await RemoteRoom.session { remote, here in
            for event in remote.events { try await here.receive(event, .v11) }
            let base = remote.last
            let ban = try await remote.send(.member(Self.bob), ["membership": "ban"], by: Self.alice, after: [base])
            let late = try await remote.say("secret", by: Self.bob, after: [base])
            let refused = try await remote.send(.topic, ["topic": "secret"], by: Self.bob, after: [base])
            try await here.receive(ban, .v11)
            #expect(try await here.receive(late, .v11).isSoftFailed)
            #expect(try await here.receive(refused, .v11).isRejected)
            for target in [late, refused] {
                let redaction = try await remote.send(
                    EventType.roomRedaction, nil, [:], by: Self.alice, after: [ban], redacting: target.id)
                #expect(try await here.receive(redaction, .v11).isAccepted)
                #expect(try content(of: target, remote, here) == [:])
            }
            #expect(try here.view.standing(of: late.id) == .softFailed)
        }
    }

    /// What a commit has redacted that came to nothing has not been redacted.
    @Test func rightsThatALostCommitHasRedactedAreRemembered() async throws {
        struct Lost: Error {}
        try await TestRooms.session { rooms in
            let levels: JSONObject = ["users": [.init(TestRooms.alice.string): 100], "invite": 60]
            let room = try await rooms.makeRoom(.v10, [(.powerLevels, levels)])
            let target = try #require(try rooms.currentState(of: room.id)[.powerLevels])
            await #expect(throws: Lost.self) {
                try await rooms.commit { [signingKey = rooms.signingKey] commit in
                    #expect(try commit.powerLevels(in: room).invite == 60)
                    let redaction = EventTemplate(
                        type: EventType.roomRedaction, content: [:], sender: TestRooms.alice, roomID: room.id, redacts: target)
                    _ = try commit.send(redaction, in: room, signingKey: signingKey)
                    #expect(try commit.powerLevels(in: room).invite != 60)
                    throw Lost()
                }
            }
            let invite = try await rooms.commit { try $0.powerLevels(in: room).invite }
            #expect(invite == 60)
        }
    }

    /// A message of more words than are found can be redacted in one commit.
    @Test func aMessageOfManyWordsIsRedacted() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom(.v11)
            let message = try await rooms.say((0..<5_000).map { "w\($0)" }.joined(separator: " "), in: room)
            func isFound(_ word: String) throws -> Bool {
                try !rooms.view.search([Array(word.utf8)], in: [room.shortID], upTo: .max, limit: 5).isEmpty
            }
            #expect(try isFound("w0") && isFound("w511") && !isFound("w512"))
            try await rooms.commit { [signingKey = rooms.signingKey] commit in
                let redaction = EventTemplate(
                    type: EventType.roomRedaction, content: [:], sender: TestRooms.alice, roomID: room.id, redacts: message)
                _ = try commit.send(redaction, in: room, signingKey: signingKey)
            }
            #expect(try rooms.view.reader.first(RoomsMaps.searchWords, .all) == nil)
        }
    }
}
