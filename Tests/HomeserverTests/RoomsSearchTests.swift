import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// "Server-side search".
@Suite struct RoomsSearchTests {
    private func search(
        _ fixture: RoomsFixture, _ term: String, _ more: JSONObject = [:], next: JSONValue? = nil, for user: Requester? = nil
    ) throws -> JSONValue {
        var json = more
        json["search_term"] = .string(term)
        let token = try next.map { try #require($0.stringValue.flatMap(SearchToken.init)) }
        return try fixture.rooms.search(SearchRequest(json, token: token), for: user ?? fixture.alice).json()
    }

    private func bodies(_ answer: JSONValue) -> [String] {
        answer["results"]?.arrayValue?.compactMap { $0["result", "content", "body"]?.stringValue } ?? []
    }

    @Test func allWordsAreNeeded() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        for text in ["martians and men", "Men, MARTIANS!", "only men", "martians alone"] {
            try await fixture.say(text, in: room, by: fixture.alice)
        }
        let answer = try search(fixture, "martians men", ["order_by": "recent"])
        #expect(bodies(answer) == ["Men, MARTIANS!", "martians and men"])
        #expect(answer["count"] == 2)
        #expect(answer["highlights"] == ["martians", "men"])
        #expect(answer["results"]?.arrayValue?.first?["result", "room_id"]?.stringValue == room.string)
        #expect(answer["next_batch"] == nil)
        #expect(bodies(try search(fixture, "martian")).isEmpty)
        #expect(bodies(try search(fixture, "!?")).isEmpty)
    }

    @Test func theClosestComesFirst() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        for text in ["tea", "we had tea in the garden all day", "tea time"] { try await fixture.say(text, in: room, by: fixture.alice) }
        let answer = try search(fixture, "tea")
        #expect(bodies(answer) == ["tea", "tea time", "we had tea in the garden all day"])
        let ranks = answer["results"]?.arrayValue?.map(\.self) ?? []
        #expect(ranks.count == 3 && ranks.allSatisfy { $0["rank"] != nil })
    }

    @Test(arguments: ["recent", "rank"])
    func pagesHaveEverythingOnce(_ order: String) async throws {
        let fixture = try await RoomsFixture()
        let rooms = [try await fixture.room(), try await fixture.room()]
        var said: Set<String> = []
        for number in 0..<23 {
            let text = "word \(number)" + String(repeating: " more", count: number % 5)
            try await fixture.say(text, in: rooms[number % 2], by: fixture.alice)
            said.insert(text)
        }
        var (found, next, pages): ([String], JSONValue?, Int) = ([], nil, 0)
        repeat {
            let answer = try search(fixture, "word", ["order_by": .string(order), "filter": ["limit": 5]], next: next)
            found += bodies(answer)
            next = answer["next_batch"]
            pages += 1
        } while next != nil
        #expect(pages == 5)
        #expect(found.count == 23)
        #expect(Set(found) == said)
    }

    @Test func whatIsRedactedIsNotFound() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let event = try await fixture.say("secret", in: room, by: fixture.alice)
        #expect(bodies(try search(fixture, "secret")) == ["secret"])
        _ = try await fixture.rooms.redact(event, content: [:], in: room, transactionID: "1", by: fixture.alice)
        let answer = try search(fixture, "secret")
        #expect(bodies(answer).isEmpty)
        #expect(answer["count"] == 0)
    }

    @Test func othersRoomsAreNotSearched() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(.privateChat)
        try await fixture.say("hidden", in: room, by: fixture.alice)
        #expect(bodies(try search(fixture, "hidden", for: fixture.bob)).isEmpty)
    }

    @Test func whatCameBeforeTheJoinIsHiddenWhereTheRoomSaysSo() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        try await fixture.set("m.room.history_visibility", ["history_visibility": "joined"], in: room, by: fixture.alice)
        try await fixture.say("before", in: room, by: fixture.alice)
        try await fixture.rooms.join(room, content: [:], by: fixture.bob)
        try await fixture.say("before no more", in: room, by: fixture.alice)
        #expect(bodies(try search(fixture, "before", for: fixture.bob)) == ["before no more"])
    }

    @Test func namesAndTopicsAreSearched() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        try await fixture.set("m.room.name", ["name": "Kitchen"], in: room, by: fixture.alice)
        try await fixture.set(
            "m.room.topic", ["topic": "Cooking", "m.topic": ["m.text": [["body": "Recipes"]]]], in: room, by: fixture.alice)
        try await fixture.say("kitchen recipes cooking", in: room, by: fixture.alice)
        func types(_ term: String, _ keys: JSONValue) throws -> [String] {
            let answer = try search(fixture, term, ["keys": keys, "order_by": "recent"])
            return answer["results"]?.arrayValue?.compactMap { $0["result", "type"]?.stringValue } ?? []
        }
        #expect(try types("kitchen", ["content.name"]) == ["m.room.name"])
        #expect(try types("recipes", ["content.topic"]) == ["m.room.topic"])
        #expect(try types("cooking", ["content.topic", "content.body"]) == ["m.room.message", "m.room.topic"])
    }

    @Test func filtersNarrowTheResults() async throws {
        let fixture = try await RoomsFixture()
        let rooms = [try await fixture.room(with: fixture.bob), try await fixture.room()]
        try await fixture.say("tea one", in: rooms[0], by: fixture.alice)
        try await fixture.say("tea two", in: rooms[0], by: fixture.bob)
        try await fixture.say("tea three", in: rooms[1], by: fixture.alice)
        let inRoom: JSONObject = ["filter": ["rooms": [.string(rooms[0].string)]], "order_by": "recent"]
        #expect(bodies(try search(fixture, "tea", inRoom)) == ["tea two", "tea one"])
        #expect(bodies(try search(fixture, "tea", ["filter": ["senders": [.string(fixture.bob.userID.string)]]])) == ["tea two"])
    }

    @Test func resultsAreGrouped() async throws {
        let fixture = try await RoomsFixture()
        let rooms = [try await fixture.room(with: fixture.bob), try await fixture.room()]
        let first = try await fixture.say("tea", in: rooms[0], by: fixture.alice)
        let second = try await fixture.say("tea", in: rooms[0], by: fixture.bob)
        let third = try await fixture.say("tea", in: rooms[1], by: fixture.alice)
        let request: JSONObject = [
            "order_by": "recent", "filter": ["limit": 2], "groupings": ["group_by": [["key": "room_id"], ["key": "sender"]]],
        ]
        let answer = try search(fixture, "tea", request)
        let byRoom = try #require(answer["groups", "room_id"])
        #expect(byRoom[rooms[1].string, "results"] == [.string(third.string)])
        #expect(byRoom[rooms[1].string, "order"] == 0)
        #expect(byRoom[rooms[0].string, "order"] == 1)
        #expect(answer["groups", "sender", fixture.bob.userID.string, "results"] == [.string(second.string)])
        // A group's token leads to more of that group.
        let more = try search(fixture, "tea", request, next: byRoom[rooms[0].string, "next_batch"])
        #expect(more["results"]?.arrayValue?.compactMap { $0["result", "event_id"]?.stringValue } == [first.string])
        let none = try search(fixture, "tea", request, next: byRoom[rooms[1].string, "next_batch"])
        #expect(none["results"] == [])
    }

    @Test(arguments: ["recent", "rank"])
    func aGroupsPagesHaveEverythingOnce(_ order: String) async throws {
        let fixture = try await RoomsFixture()
        let rooms = [try await fixture.room(), try await fixture.room()]
        for number in 0..<20 {
            let text = "word \(number)" + String(repeating: " more", count: number % 7)
            try await fixture.say(text, in: rooms[number % 2], by: fixture.alice)
        }
        let request: JSONObject = ["order_by": .string(order), "filter": ["limit": 4], "groupings": ["group_by": [["key": "room_id"]]]]
        var answer = try search(fixture, "word", request)
        let group = try #require(answer["groups", "room_id", rooms[0].string])
        var found = group["results"]?.strings ?? []
        var next = group["next_batch"]
        while next != nil {
            answer = try search(fixture, "word", request, next: next)
            found += answer["results"]?.arrayValue?.compactMap { $0["result", "event_id"]?.stringValue } ?? []
            next = answer["next_batch"]
        }
        #expect(found.count == 10)
        #expect(Set(found).count == 10)
    }

    @Test func whatIsSaidMeanwhileMovesNoPage() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        for number in 0..<6 { try await fixture.say("word and \(number)", in: room, by: fixture.alice) }
        let first = try search(fixture, "word", ["filter": ["limit": 3]])
        try await fixture.say("word", in: room, by: fixture.alice)
        let second = try search(fixture, "word", ["filter": ["limit": 3]], next: first["next_batch"])
        #expect(Set(bodies(first) + bodies(second)) == Set((0..<6).map { "word and \($0)" }))
        #expect(second["next_batch"] == nil)
    }

    @Test(arguments: ["recent", "rank"])
    func madeUpTokensEndTheSearch(_ order: String) async throws {
        let fixture = try await RoomsFixture()
        try await fixture.say("word", in: fixture.room(), by: fixture.alice)
        let token = JSONValue.string(Base64URL.encode(TupleKey(Int64.max, Int64?.none, Int64.max, String?.none, String?.none).encoded))
        _ = try search(fixture, "word", ["order_by": .string(order)], next: token)
        #expect(SearchToken(Base64URL.encode(TupleKey(Int64.max, Int64?.none, Int64(-1), String?.none, String?.none).encoded)) == nil)
        #expect(SearchToken("x") == nil)
    }

    @Test func resultsHaveTheirContext() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        for text in ["one", "two", "needle", "four", "five"] { try await fixture.say(text, in: room, by: fixture.alice) }
        let answer = try search(
            fixture, "needle",
            ["event_context": ["before_limit": 1, "after_limit": 1, "include_profile": true], "include_state": true])
        let context = try #require(answer["results"]?.arrayValue?.first?["context"])
        #expect(context["events_before"]?.arrayValue?.compactMap { $0["content", "body"]?.stringValue } == ["two"])
        #expect(context["events_after"]?.arrayValue?.compactMap { $0["content", "body"]?.stringValue } == ["four"])
        #expect(context["profile_info", fixture.alice.userID.string] != nil)
        #expect(answer["state", room.string]?.arrayValue?.contains { $0["type"] == "m.room.create" } == true)
        let start = try #require(context["start"]?.stringValue.flatMap(PaginationToken.init(_:)))
        #expect(try fixture.page(of: room, MessagesRequest(from: start, isBackward: true, limit: 1), for: fixture.alice).bodies == ["one"])
    }

    private static let badRequests: [(JSONObject, MatrixError.Code)] = [
        (JSONObject(), .missingParameter), (["search_term": 1], .badJSON),
        (["search_term": "x", "keys": ["content.x"]], .invalidParameter),
        (["search_term": "x", "order_by": "age"], .invalidParameter), (["search_term": "x", "filter": []], .badJSON),
        (["search_term": "x", "event_context": ["before_limit": -1]], .badJSON),
        (["search_term": .string((0...64).map(String.init).joined(separator: " "))], .invalidParameter),
        (["search_term": .string(String(repeating: "x", count: 4097))], .invalidParameter),
        (["search_term": "x", "groupings": ["group_by": [["key": "type"]]]], .invalidParameter),
    ]

    @Test(arguments: badRequests)
    func badRequestsAreRefused(_ json: JSONObject, _ code: MatrixError.Code) {
        do {
            _ = try SearchRequest(json, token: nil)
            Issue.record("the request was taken")
        } catch {
            #expect(error.code == code)
        }
    }
}
