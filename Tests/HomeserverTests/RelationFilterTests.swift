import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// Filters by relations: `rel_types`, `not_rel_types`, `related_by_rel_types`, `related_by_senders` ("Filtering", MSC3874).
@Suite struct RelationFilterTests {
    /// A room with a thread, an edit of its reply, a reaction, a rich reply, and an encrypted event of the thread.
    private struct Conversation {
        let fixture: RoomsFixture
        let room: RoomID

        init() async throws {
            fixture = try await RoomsFixture()
            room = try await fixture.room(with: fixture.bob)
            let (fixture, room) = (fixture, room)
            func say(_ body: String, _ relatesTo: JSONObject? = nil, type: String = "m.room.message", by user: Requester) async throws
                -> EventID
            {
                var content: JSONObject = ["body": .string(body)]
                content["m.relates_to"] = relatesTo.map { .object($0) }
                return try await fixture.rooms.send(type, content, to: room, transactionID: body, by: user)
            }
            func relation(_ type: String, _ target: EventID) -> JSONObject {
                ["rel_type": .string(type), "event_id": .string(target.string)]
            }
            let root = try await say("root", by: fixture.alice)
            let reply = try await say("threaded", relation("m.thread", root), by: fixture.bob)
            _ = try await say("edited", relation("m.replace", reply), by: fixture.bob)
            _ = try await say("encrypted", relation("m.thread", root), type: "m.room.encrypted", by: fixture.alice)
            _ = try await say("rich reply", ["m.in_reply_to": ["event_id": .string(root.string)]], by: fixture.bob)
            _ = try await say("reaction", relation("m.annotation", reply), type: "m.reaction", by: fixture.alice)
            _ = try await say("odd", ["rel_type": 1], by: fixture.alice)
        }

        /// The bodies of what fits, the oldest first.
        func bodies(_ filter: JSONObject, limit: Int = 100) throws -> [String] {
            var filter = filter
            filter["not_types"] = [
                "m.room.member", "m.room.create", "m.room.power_levels", "m.room.join_rules", "m.room.history_visibility",
            ]
            let request = MessagesRequest(isBackward: false, limit: limit, filter: try EventFilter(checking: filter))
            return try fixture.page(of: room, request, for: fixture.alice).bodies
        }
    }

    @Test(arguments: ["", "org.matrix.msc3874."])
    func goesByAnEventsOwnRelation(_ prefix: String) async throws {
        let conversation = try await Conversation()
        let (types, notTypes) = ("\(prefix)rel_types", "\(prefix)not_rel_types")
        #expect(try conversation.bodies([types: ["m.thread"]]) == ["threaded", "encrypted"])
        #expect(try conversation.bodies([types: ["m.replace", "m.annotation"]]) == ["edited", "reaction"])
        #expect(try conversation.bodies([types: []]) == [])
        #expect(try conversation.bodies([notTypes: ["m.thread"]]) == ["root", "edited", "rich reply", "reaction", "odd"])
        #expect(try conversation.bodies([notTypes: []]).count == 7)
        #expect(try conversation.bodies([types: ["m.thread", "m.replace"], notTypes: ["m.thread"]]) == ["edited"])
        #expect(try conversation.bodies([types: ["m.thread"], "types": ["m.room.encrypted"]]) == ["encrypted"])
    }

    @Test func goesByWhatRelatesToAnEvent() async throws {
        let conversation = try await Conversation()
        let bob: JSONValue = .string(conversation.fixture.bob.userID.string)
        let alice: JSONValue = .string(conversation.fixture.alice.userID.string)
        #expect(try conversation.bodies(["related_by_rel_types": ["m.thread"]]) == ["root"])
        #expect(try conversation.bodies(["related_by_rel_types": ["m.replace", "m.thread"]]) == ["root", "threaded"])
        #expect(try conversation.bodies(["related_by_senders": [alice]]) == ["root", "threaded"])
        #expect(try conversation.bodies(["related_by_rel_types": ["m.annotation"], "related_by_senders": [bob]]) == [])
        #expect(try conversation.bodies(["related_by_rel_types": ["m.replace"], "related_by_senders": [bob]]) == ["threaded"])
        #expect(try conversation.bodies(["related_by_rel_types": ["m.annotation"], "rel_types": ["m.thread"]]) == ["threaded"])
        #expect(try conversation.bodies(["related_by_rel_types": ["m.replace"], "not_rel_types": ["m.thread"]]) == [])
        #expect(try conversation.bodies(["related_by_senders": []]) == [])
    }

    @Test func fillsAPageAndGoesOnBehindIt() async throws {
        let conversation = try await Conversation()
        #expect(try conversation.bodies(["rel_types": ["m.thread"]], limit: 1) == ["threaded"])
        let fixture = conversation.fixture
        let request = MessagesRequest(isBackward: true, limit: 1, filter: EventFilter(["rel_types": ["m.thread"]]))
        let first = try fixture.page(of: conversation.room, request, for: fixture.alice)
        #expect(first.bodies == ["encrypted"])
        var next = request
        next.from = try #require(first.answer["end"]?.stringValue.flatMap(PaginationToken.init(_:)))
        #expect(try fixture.page(of: conversation.room, next, for: fixture.alice).bodies == ["threaded"])
    }

    @Test func appliesToContextAndSearch() async throws {
        let conversation = try await Conversation()
        let (fixture, room) = (conversation.fixture, conversation.room)
        let filter = try EventFilter(checking: ["rel_types": ["m.thread"]])
        let reply = try await fixture.say("found root", in: room, by: fixture.alice)
        let context = try fixture.rooms.context(of: reply, in: room, limit: 20, filter: filter, for: fixture.alice).json()
        #expect(context["events_before"]?.arrayValue?.compactMap { $0["content", "body"]?.stringValue } == ["encrypted", "threaded"])

        func found(_ filter: JSONObject) throws -> [String?] {
            let request = try SearchRequest(["search_term": "root", "filter": .object(filter)], token: nil)
            let results = try fixture.rooms.search(request, for: fixture.alice).json()["results"]?.arrayValue ?? []
            return results.map { $0["result", "content", "body"]?.stringValue }
        }
        #expect(try found(["related_by_rel_types": ["m.thread"]]) == ["root"])
        #expect(try Set(found(["not_rel_types": ["m.thread"]])) == ["root", "found root"])
        #expect(try found(["rel_types": ["m.thread"]]) == [])
    }

    @Test func appliesToSyncs() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let root = try await server.homeserver.rooms.send(
                "m.room.message", ["body": "root"], to: room, transactionID: "1", by: server.alice)
            let since = try await server.sync().next
            _ = try await server.homeserver.rooms.send(
                "m.room.message", ["body": "reply", "m.relates_to": ["rel_type": "m.thread", "event_id": .string(root.string)]], to: room,
                transactionID: "2", by: server.alice)
            try await server.say("plain", in: room, by: server.alice)
            func bodies(_ filter: JSONObject) async throws -> [String] {
                let answer = try await server.sync(since: since, filter: ["room": ["timeline": .object(filter)]]).answer
                let events = answer["rooms", "join", room.string, "timeline", "events"]?.arrayValue ?? []
                return events.compactMap { $0["content", "body"]?.stringValue }
            }
            #expect(try await bodies(["org.matrix.msc3874.not_rel_types": ["m.thread"]]) == ["plain"])
            #expect(try await bodies(["org.matrix.msc3874.rel_types": ["m.thread"]]) == ["reply"])
        }
    }

    @Test(
        arguments: [
            ["rel_types": "m.thread"], ["not_rel_types": [1]], ["org.matrix.msc3874.rel_types": [:]], ["related_by_rel_types": 1],
            ["related_by_senders": ["nobody"]],
        ] as [JSONObject])
    func malformedListsAreRefused(_ filter: JSONObject) async {
        await expect(.badJSON, 400) { try EventFilter(checking: filter) }
    }
}
