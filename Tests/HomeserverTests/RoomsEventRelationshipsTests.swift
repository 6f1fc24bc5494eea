import CanonicalJSON
import Crypto
import Homeserver
import MatrixProtocol
import Store
import Testing

/// The tree that `m.relationship` makes of events (MSC2836).
@Suite struct RoomsEventRelationshipsTests {
    /// A tree of messages:
    ///
    ///     A
    ///     ├ B
    ///     │ ├ D
    ///     │ │ └ G
    ///     │ └ E
    ///     └ C
    ///       └ F
    private struct Tree {
        let fixture: RoomsFixture
        let room: RoomID
        private(set) var events: [String: EventID] = [:]

        init() async throws {
            fixture = try await RoomsFixture()
            room = try await fixture.room(with: fixture.bob)
            for (name, parent) in [("A", nil), ("B", "A"), ("C", "A"), ("D", "B"), ("E", "B"), ("F", "C"), ("G", "D")]
                as [(String, String?)]
            {
                events[name] = try await say(name, under: parent.flatMap { events[$0] }, name == "E" ? "m.other" : "m.reference")
            }
        }

        func say(_ name: String, under parent: EventID?, _ type: String = "m.reference") async throws -> EventID {
            fixture.clock.advance(by: 1)
            var content: JSONObject = ["body": .string(name)]
            if let parent { content["m.relationship"] = ["rel_type": .string(type), "event_id": .string(parent.string)] }
            return try await fixture.rooms.send("m.room.message", content, to: room, transactionID: name, by: fixture.alice)
        }

        func answer(
            _ name: String, for user: Requester? = nil, _ change: (inout EventRelationshipsRequest) -> Void = { _ in }
        ) throws -> JSONValue {
            var request = EventRelationshipsRequest(event: try #require(events[name]))
            change(&request)
            return try fixture.rooms.eventRelationships(request, for: user ?? fixture.bob).json()
        }

        func names(_ name: String, for user: Requester? = nil, _ change: (inout EventRelationshipsRequest) -> Void = { _ in }) throws
            -> String
        {
            try Self.names(answer(name, for: user, change))
        }

        static func names(_ answer: JSONValue) -> String {
            (answer["events"]?.arrayValue ?? []).compactMap { $0["content", "body"]?.stringValue }.joined()
        }
    }

    @Test func walksDown() async throws {
        let tree = try await Tree()
        #expect(try tree.names("A") == "ACBFEDG")
        #expect(try tree.names("A") { $0.isRecentFirst = false } == "ABCDEFG")
        #expect(try tree.names("A") { $0.isDepthFirst = true } == "ACFBEDG")
        #expect(
            try tree.names("A") {
                $0.isDepthFirst = true
                $0.isRecentFirst = false
            } == "ABDGECF")
        #expect(try tree.names("B") == "BEDG")
        #expect(try tree.names("G") == "G")
    }

    @Test func walksUp() async throws {
        let tree = try await Tree()
        #expect(try tree.names("G") { $0.direction = .up } == "GDBA")
        #expect(
            try tree.names("G") {
                $0.direction = .up
                $0.depthMax = 2
            } == "GDB")
        #expect(try tree.names("A") { $0.direction = .up } == "A")
    }

    @Test func depthAndBreadthHaveBounds() async throws {
        let tree = try await Tree()
        #expect(try tree.names("A") { $0.depthMax = 1 } == "ACB")
        #expect(try tree.names("A") { $0.depthMax = 0 } == "A")
        #expect(try tree.names("A") { $0.depthMax = 2 } == "ACBFED")
        #expect(try tree.names("A") { $0.breadthMax = 1 } == "ACF")
        #expect(try tree.answer("A") { $0.breadthMax = 1 }["limited"] == false)
        let deeper = try await tree.say("H", under: tree.events["G"])
        _ = try await tree.say("I", under: deeper)
        #expect(try tree.names("A") == "ACBFEDG")
        #expect(try tree.names("A") { $0.depthMax = nil } == "ACBFEDGHI")
    }

    @Test func parentAndChildrenComeFirst() async throws {
        let tree = try await Tree()
        #expect(try tree.names("B") { $0.includesParent = true } == "BAEDG")
        #expect(
            try tree.names("A") {
                $0.isDepthFirst = true
                $0.includesChildren = true
            } == "ACBFEDG")
        #expect(
            try tree.names("D") {
                $0.direction = .up
                $0.includesChildren = true
            } == "DGBA")
    }

    @Test func pagesFollowEachOther() async throws {
        let tree = try await Tree()
        var names: [String] = []
        var skipped = 0
        while true {
            let page = try tree.answer("A") {
                $0.limit = 3
                $0.skipped = skipped
            }
            names.append(Tree.names(page))
            guard page["limited"] == true else {
                #expect(page["next_batch"] == nil)
                break
            }
            skipped = try #require(page["next_batch"]?.stringValue.flatMap(EventRelationshipsRequest.skipped(by:)))
        }
        #expect(names == ["ACB", "FED", "G"])
        #expect(try tree.answer("A") { $0.limit = 7 }["limited"] == false)
        #expect(EventRelationshipsRequest.skipped(by: "no token") == nil)
    }

    @Test(arguments: [Int64.max, 10_001, -1])
    func madeUpBatchesAreNone(_ skipped: Int64) {
        #expect(EventRelationshipsRequest.skipped(by: Base64URL.encode(TupleKey(skipped).encoded)) == nil)
    }

    @Test func everyEventCountsItsChildren() async throws {
        let tree = try await Tree()
        let event = try #require(try tree.answer("B")["events"]?.arrayValue?.first)
        #expect(event["unsigned", "children"] == ["m.reference": 1, "m.other": 1])
        let ids = [tree.events["D"], tree.events["E"]].compactMap { $0?.string }.sorted().joined()
        let hash = Base64.encode(Array(SHA256.hash(data: Array(ids.utf8))))
        #expect(event["unsigned", "children_hash"]?.stringValue == hash)
        let leaf = try #require(try tree.answer("G")["events"]?.arrayValue?.first)
        #expect(leaf["unsigned", "children"] == [:])
    }

    @Test func whatIsRedactedIsNoChild() async throws {
        let tree = try await Tree()
        _ = try await tree.fixture.rooms.redact(
            try #require(tree.events["B"]), content: [:], in: tree.room, transactionID: "1", by: tree.fixture.alice)
        #expect(try tree.names("A") == "ACF")
    }

    @Test func whatCannotBeSeenIsNotFollowed() async throws {
        let tree = try await Tree()
        let (fixture, room) = (tree.fixture, tree.room)
        await expect(.notFound, 404) { try tree.answer("A", for: fixture.carol) }
        let unknown = EventRelationshipsRequest(event: EventID(trusted: "$unknown"))
        await expect(.notFound, 404) { try fixture.rooms.eventRelationships(unknown, for: fixture.alice) }

        try await fixture.set("m.room.history_visibility", ["history_visibility": "joined"], in: room, by: fixture.alice)
        let hidden = try await tree.say("H", under: tree.events["A"])
        _ = try await tree.say("I", under: hidden)
        try await fixture.rooms.join(room, content: [:], by: fixture.carol)
        _ = try await tree.say("J", under: hidden)
        _ = try await tree.say("K", under: tree.events["A"])
        #expect(try tree.names("A", for: fixture.carol) == "AKCBFEDG")
        #expect(try tree.names("A", for: fixture.bob) == "AKHCBJIFEDG")
    }

    @Test func childrenMayComeBeforeTheirParent() async throws {
        let tree = try await Tree()
        _ = try await tree.say("child", under: EventID(trusted: "$not-here-yet"))
        #expect(try tree.names("A") == "ACBFEDG")
    }
}
