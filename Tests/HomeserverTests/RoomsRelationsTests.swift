import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// What events make of other events, and threads ("Forming relationships between events", "Threading").
@Suite struct RoomsRelationsTests {
    /// Sends an event that relates to another one.
    @discardableResult
    private func relate(
        _ fixture: RoomsFixture, _ relation: String, to target: EventID, in room: RoomID, by user: Requester,
        type: String = "m.room.message",
        key: String? = nil, _ content: JSONObject = ["body": "related"]
    ) async throws -> EventID {
        fixture.clock.advance(by: 1)
        var content = content
        var relatesTo: JSONObject = ["rel_type": .string(relation), "event_id": .string(target.string)]
        if let key { relatesTo["key"] = .string(key) }
        content["m.relates_to"] = .object(relatesTo)
        let transactionID = SystemRandom().alphanumeric(10)
        return try await fixture.rooms.send(type, content, to: room, transactionID: transactionID, by: user)
    }

    private func edit(_ text: String) -> JSONObject { ["body": .string("* \(text)"), "m.new_content": ["body": .string(text)]] }

    private func bundle(_ fixture: RoomsFixture, _ event: EventID, in room: RoomID, for user: Requester) throws -> JSONValue? {
        try fixture.rooms.event(event, in: room, for: user).json()["unsigned", "m.relations"]
    }

    private func related(
        _ fixture: RoomsFixture, to event: EventID, in room: RoomID, _ request: RelationsRequest = RelationsRequest(limit: 100),
        for user: Requester
    ) throws -> JSONValue {
        try fixture.rooms.relations(of: event, in: room, request, for: user).json()
    }

    private func ids(_ answer: JSONValue) -> [String] { answer["chunk"]?.arrayValue?.compactMap { $0["event_id"]?.stringValue } ?? [] }

    // MARK: - Replacements

    @Test func theLatestValidReplacementIsTold() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        let original = try await fixture.say("one", in: room, by: fixture.alice)
        try await relate(fixture, "m.replace", to: original, in: room, by: fixture.alice, edit("two"))
        let latest = try await relate(fixture, "m.replace", to: original, in: room, by: fixture.alice, edit("three"))
        // Not the sender's own, not of the same type, without a new content: not valid.
        try await relate(fixture, "m.replace", to: original, in: room, by: fixture.bob, edit("Bob's"))
        try await relate(fixture, "m.replace", to: original, in: room, by: fixture.alice, type: "m.sticker", edit("other type"))
        try await relate(fixture, "m.replace", to: original, in: room, by: fixture.alice)
        // A replacement is not replaced.
        let second = try await relate(fixture, "m.replace", to: latest, in: room, by: fixture.alice, edit("four"))

        let told = try #require(try bundle(fixture, original, in: room, for: fixture.bob)?["m.replace"])
        #expect(told["event_id"]?.stringValue == latest.string)
        #expect(told["content", "m.new_content", "body"] == "three")
        #expect(told["room_id"]?.stringValue == room.string)
        #expect(try bundle(fixture, latest, in: room, for: fixture.bob) == nil)
        #expect(try bundle(fixture, second, in: room, for: fixture.bob) == nil)
    }

    @Test func redactingAReplacementBringsTheOneBefore() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let original = try await fixture.say("one", in: room, by: fixture.alice)
        let first = try await relate(fixture, "m.replace", to: original, in: room, by: fixture.alice, edit("two"))
        let second = try await relate(fixture, "m.replace", to: original, in: room, by: fixture.alice, edit("three"))
        _ = try await fixture.rooms.redact(second, content: [:], in: room, transactionID: "1", by: fixture.alice)
        #expect(try bundle(fixture, original, in: room, for: fixture.alice)?["m.replace", "event_id"]?.stringValue == first.string)
        _ = try await fixture.rooms.redact(first, content: [:], in: room, transactionID: "2", by: fixture.alice)
        #expect(try bundle(fixture, original, in: room, for: fixture.alice) == nil)
        #expect(ids(try related(fixture, to: original, in: room, for: fixture.alice)).isEmpty)
    }

    @Test func encryptedReplacementsNeedNoNewContent() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let original = try await fixture.rooms.send(
            "m.room.encrypted", ["ciphertext": "A"], to: room, transactionID: "1", by: fixture.alice)
        let replacement = try await relate(
            fixture, "m.replace", to: original, in: room, by: fixture.alice, type: "m.room.encrypted", ["ciphertext": "B"])
        #expect(try bundle(fixture, original, in: room, for: fixture.alice)?["m.replace", "event_id"]?.stringValue == replacement.string)
    }

    // MARK: - Threads

    @Test func aThreadIsSummedUpAtItsRoot() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob, fixture.carol)
        let root = try await fixture.say("root", in: room, by: fixture.alice)
        try await relate(fixture, "m.thread", to: root, in: room, by: fixture.bob)
        let latest = try await relate(fixture, "m.thread", to: root, in: room, by: fixture.bob)
        let replacement = try await relate(fixture, "m.replace", to: latest, in: room, by: fixture.bob, edit("edited"))

        let told = try #require(try bundle(fixture, root, in: room, for: fixture.carol)?["m.thread"])
        #expect(told["count"] == 2)
        #expect(told["latest_event", "event_id"]?.stringValue == latest.string)
        #expect(told["latest_event", "unsigned", "m.relations", "m.replace", "event_id"]?.stringValue == replacement.string)
        #expect(told["current_user_participated"] == false)
        for participant in [fixture.alice, fixture.bob] {
            #expect(try bundle(fixture, root, in: room, for: participant)?["m.thread", "current_user_participated"] == true)
        }

        _ = try await fixture.rooms.redact(latest, content: [:], in: room, transactionID: "1", by: fixture.bob)
        #expect(try bundle(fixture, root, in: room, for: fixture.carol)?["m.thread", "count"] == 1)
    }

    @Test func whatRelatesToAnEventIsNoRoot() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let root = try await fixture.say("root", in: room, by: fixture.alice)
        let reply = try await relate(fixture, "m.thread", to: root, in: room, by: fixture.alice)
        await #expect(throws: MatrixError.self) { try await relate(fixture, "m.thread", to: reply, in: room, by: fixture.alice) }
    }

    @Test func threadsAreSortedByTheirLatestEvents() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        var roots: [EventID] = []
        for number in 0..<3 {
            roots.append(try await fixture.say("\(number)", in: room, by: fixture.alice))
            try await relate(fixture, "m.thread", to: roots[number], in: room, by: fixture.alice)
        }
        try await relate(fixture, "m.thread", to: roots[0], in: room, by: fixture.bob)

        func threads(_ selection: ThreadSelection, from: PaginationToken? = nil, limit: Int = 10, for user: Requester) throws -> JSONValue {
            try fixture.rooms.threads(of: room, selection, from: from, limit: limit, for: user).json()
        }
        #expect(ids(try threads(.all, for: fixture.bob)) == [roots[0], roots[2], roots[1]].map(\.string))
        #expect(ids(try threads(.participated, for: fixture.bob)) == [roots[0].string])
        let first = try threads(.all, limit: 2, for: fixture.alice)
        #expect(ids(first) == [roots[0], roots[2]].map(\.string))
        let next = try #require(first["next_batch"]?.stringValue.flatMap(PaginationToken.init(_:)))
        let second = try threads(.all, from: next, limit: 2, for: fixture.alice)
        #expect(ids(second) == [roots[1].string])
        #expect(second["next_batch"] == nil)
        #expect(second["chunk"]?.arrayValue?.first?["unsigned", "m.relations", "m.thread", "count"] == 1)
    }

    // MARK: - References and annotations

    @Test func referencesAreListed() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let target = try await fixture.say("poll", in: room, by: fixture.alice)
        let first = try await relate(fixture, "m.reference", to: target, in: room, by: fixture.alice)
        let second = try await relate(fixture, "m.reference", to: target, in: room, by: fixture.alice)
        let chunk = try bundle(fixture, target, in: room, for: fixture.alice)?["m.reference", "chunk"]
        #expect(chunk == [["event_id": .string(first.string)], ["event_id": .string(second.string)]])
    }

    @Test func nobodyAnnotatesTwice() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        let target = try await fixture.say("hello", in: room, by: fixture.alice)
        let first = try await relate(fixture, "m.annotation", to: target, in: room, by: fixture.bob, type: "m.reaction", key: "👍", [:])
        do {
            try await relate(fixture, "m.annotation", to: target, in: room, by: fixture.bob, type: "m.reaction", key: "👍", [:])
            Issue.record("the second annotation was taken")
        } catch let error as MatrixError {
            #expect(error.code == .duplicateAnnotation)
        }
        try await relate(fixture, "m.annotation", to: target, in: room, by: fixture.bob, type: "m.reaction", key: "👎", [:])
        try await relate(fixture, "m.annotation", to: target, in: room, by: fixture.alice, type: "m.reaction", key: "👍", [:])
        _ = try await fixture.rooms.redact(first, content: [:], in: room, transactionID: "1", by: fixture.bob)
        try await relate(fixture, "m.annotation", to: target, in: room, by: fixture.bob, type: "m.reaction", key: "👍", [:])
        #expect(try bundle(fixture, target, in: room, for: fixture.bob) == nil)
    }

    // MARK: - Listing

    @Test func relationsAreFilteredAndPaged() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let target = try await fixture.say("hello", in: room, by: fixture.alice)
        var replies: [String] = []
        for _ in 0..<5 { replies.append(try await relate(fixture, "m.thread", to: target, in: room, by: fixture.alice).string) }
        let reaction = try await relate(fixture, "m.annotation", to: target, in: room, by: fixture.alice, type: "m.reaction", key: "x", [:])

        let all = try related(fixture, to: target, in: room, for: fixture.alice)
        #expect(ids(all) == [reaction.string] + replies.reversed())
        #expect(all["next_batch"] == nil)
        let threaded = RelationsRequest(relationType: "m.thread", isBackward: false, limit: 3)
        let first = try related(fixture, to: target, in: room, threaded, for: fixture.alice)
        #expect(ids(first) == Array(replies[..<3]))
        var rest = threaded
        rest.from = first["next_batch"]?.stringValue.flatMap(PaginationToken.init(_:))
        #expect(rest.from != nil)
        #expect(ids(try related(fixture, to: target, in: room, rest, for: fixture.alice)) == Array(replies[3...]))
        var backward = RelationsRequest(relationType: "m.thread", limit: 2)
        backward.from = try related(fixture, to: target, in: room, backward, for: fixture.alice)["next_batch"]?.stringValue
            .flatMap(PaginationToken.init(_:))
        #expect(ids(try related(fixture, to: target, in: room, backward, for: fixture.alice)) == [replies[2], replies[1]])
        let ofType = RelationsRequest(relationType: "m.annotation", eventType: "m.room.message", limit: 10)
        #expect(ids(try related(fixture, to: target, in: room, ofType, for: fixture.alice)).isEmpty)
    }

    @Test func relationsOfRelations() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let root = try await fixture.say("root", in: room, by: fixture.alice)
        let reply = try await relate(fixture, "m.thread", to: root, in: room, by: fixture.alice)
        let reaction = try await relate(fixture, "m.annotation", to: reply, in: room, by: fixture.alice, type: "m.reaction", key: "x", [:])
        let answer = try related(fixture, to: root, in: room, RelationsRequest(limit: 10, recurses: true), for: fixture.alice)
        #expect(ids(answer) == [reaction.string, reply.string])
        #expect(answer["recursion_depth"]?.integerValue ?? 0 >= 2)
        // What is wanted may lie behind what isn't.
        let reactions = RelationsRequest(relationType: "m.annotation", limit: 10, recurses: true)
        #expect(ids(try related(fixture, to: root, in: room, reactions, for: fixture.alice)) == [reaction.string])
    }

    @Test func whoMayNotSeeAnEventDoesNotSeeItsRelations() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(.privateChat)
        let event = try await fixture.say("secret", in: room, by: fixture.alice)
        #expect(throws: MatrixError(.notFound, "There is no event \(event) that you can see in this room")) {
            try related(fixture, to: event, in: room, for: fixture.bob)
        }
    }

    @Test func whatCameAfterALeaveIsNotTold() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        let root = try await fixture.say("root", in: room, by: fixture.alice)
        let seen = try await relate(fixture, "m.thread", to: root, in: room, by: fixture.alice)
        try await fixture.rooms.leave(room, reason: nil, by: fixture.bob)
        try await relate(fixture, "m.replace", to: root, in: room, by: fixture.alice, edit("later"))
        #expect(ids(try related(fixture, to: root, in: room, for: fixture.bob)) == [seen.string])
        #expect(try bundle(fixture, root, in: room, for: fixture.bob)?["m.replace"] == nil)
    }

    @Test func whatCameBeforeALeaveStaysWhateverCameAfter() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        let root = try await fixture.say("root", in: room, by: fixture.alice)
        let unanswered = try await fixture.say("unanswered", in: room, by: fixture.alice)
        let seen = try await relate(fixture, "m.thread", to: root, in: room, by: fixture.alice)
        try await relate(fixture, "m.replace", to: root, in: room, by: fixture.alice, edit("first"))
        try await fixture.rooms.leave(room, reason: nil, by: fixture.bob)
        for target in [root, unanswered] { try await relate(fixture, "m.thread", to: target, in: room, by: fixture.alice) }
        try await relate(fixture, "m.replace", to: root, in: room, by: fixture.alice, edit("second"))
        let told = try bundle(fixture, root, in: room, for: fixture.bob)
        #expect(told?["m.thread", "latest_event", "event_id"]?.stringValue == seen.string)
        #expect(told?["m.replace", "content", "m.new_content", "body"] == "first")
        let threads = try fixture.rooms.threads(of: room, .all, from: nil, limit: 10, for: fixture.bob).json()
        #expect(ids(threads) == [root.string])
    }
}
