import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// Paging through a room's history.
@Suite struct RoomsMessagesTests {
    /// All pages in one direction, and how many there were.
    private func pages(
        _ fixture: RoomsFixture, _ room: RoomID, isBackward: Bool, limit: Int, _ filter: EventFilter = .everything
    ) throws -> (bodies: [String], count: Int) {
        var (bodies, count, from): ([String], Int, String?) = ([], 0, nil)
        repeat {
            let request = MessagesRequest(
                from: from.flatMap(PaginationToken.init(_:)), fromText: from, isBackward: isBackward, limit: limit, filter: filter)
            let page = try fixture.page(of: room, request, for: fixture.alice)
            if let from { #expect(page.answer["start"]?.stringValue == from) }
            #expect(page.bodies.count <= limit)
            bodies += page.bodies
            count += 1
            from = page.bodies.isEmpty ? nil : page.answer["end"]?.stringValue
        } while from != nil
        return (bodies, count)
    }

    private func room(_ fixture: RoomsFixture, saying count: Int, _ version: RoomVersion = .default) async throws -> RoomID {
        let room = try await fixture.room(version: version)
        for number in 0..<count { try await fixture.say("\(number)", in: room, by: fixture.alice) }
        return room
    }

    private let said = EventFilter(["types": ["m.room.message"]])

    @Test(arguments: RoomVersion.supported)
    func bothWays(_ version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        let room = try await room(fixture, saying: 25, version)
        let backward = try pages(fixture, room, isBackward: true, limit: 10)
        #expect(backward.bodies.prefix(25) == (0..<25).reversed().map { "\($0)" }[...])
        #expect(backward.bodies.last == "m.room.create")
        let forward = try pages(fixture, room, isBackward: false, limit: 7)
        #expect(forward.bodies == backward.bodies.reversed())
    }

    @Test func theFirstEventIsTheEnd() async throws {
        let fixture = try await RoomsFixture()
        let room = try await room(fixture, saying: 3)
        let all = try fixture.page(of: room, MessagesRequest(isBackward: true, limit: 1000), for: fixture.alice)
        #expect(all.answer["end"] == nil)
        // Neither when the page is just full.
        let full = try fixture.page(of: room, MessagesRequest(isBackward: true, limit: all.bodies.count), for: fixture.alice)
        #expect(full.bodies == all.bodies && full.answer["end"] == nil)
        let short = try fixture.page(of: room, MessagesRequest(isBackward: true, limit: all.bodies.count - 1), for: fixture.alice)
        #expect(short.answer["end"] != nil)
        let empty = try fixture.page(of: room, MessagesRequest(isBackward: true, limit: 0), for: fixture.alice)
        #expect(empty.bodies.isEmpty)
        #expect(empty.answer["end"] == empty.answer["start"])
    }

    @Test func forwardGoesOnWhereItWas() async throws {
        let fixture = try await RoomsFixture()
        let room = try await room(fixture, saying: 4)
        let count = try fixture.page(of: room, MessagesRequest(isBackward: false, limit: 1000), for: fixture.alice).bodies.count
        let page = try fixture.page(of: room, MessagesRequest(isBackward: false, limit: count), for: fixture.alice)
        let end = try #require(page.answer["end"]?.stringValue.flatMap(PaginationToken.init(_:)))
        try await fixture.say("new", in: room, by: fixture.alice)
        let next = try fixture.page(of: room, MessagesRequest(from: end, isBackward: false), for: fixture.alice)
        #expect(next.bodies == ["new"])
    }

    /// A client that follows a room by paging forward always has a place to go on from.
    @Test func forwardFollowsARoom() async throws {
        let fixture = try await RoomsFixture()
        let room = try await room(fixture, saying: 4)
        var (from, followed): (PaginationToken?, [String]) = (nil, [])
        for number in 4..<8 {
            let page = try fixture.page(
                of: room, MessagesRequest(from: from, isBackward: false, limit: 1000, filter: said), for: fixture.alice)
            followed += page.bodies
            from = try #require(page.answer["end"]?.stringValue.flatMap(PaginationToken.init(_:)))
            // Where nothing was wanted of what is new, the place has moved all the same.
            try await fixture.set("m.room.topic", ["topic": "\(number)"], in: room, by: fixture.alice)
            let skipped = try fixture.page(of: room, MessagesRequest(from: from, isBackward: false, filter: said), for: fixture.alice)
            #expect(skipped.bodies.isEmpty)
            let end = try #require(skipped.answer["end"]?.stringValue.flatMap(PaginationToken.init(_:)))
            #expect(end.order > from?.order ?? .max)
            // Where nothing is new, there is none.
            let nothing = try fixture.page(of: room, MessagesRequest(from: end, isBackward: false), for: fixture.alice)
            #expect(nothing.bodies.isEmpty && nothing.answer["end"] == nil)
            try await fixture.say("\(number)", in: room, by: fixture.alice)
        }
        #expect(followed == (0..<7).map { "\($0)" })
    }

    @Test func betweenTwoTokens() async throws {
        let fixture = try await RoomsFixture()
        let room = try await room(fixture, saying: 0)
        /// The token of a sync at this moment.
        func now() -> PaginationToken { PaginationToken(fixture.database.snapshot().position, suborder: .max) }
        try await fixture.say("before", in: room, by: fixture.alice)
        let first = now()
        for number in 0..<5 { try await fixture.say("\(number)", in: room, by: fixture.alice) }
        let second = now()
        try await fixture.say("after", in: room, by: fixture.alice)

        func bodies(from: PaginationToken?, to: PaginationToken?, isBackward: Bool) throws -> [String] {
            let request = MessagesRequest(from: from, to: to, isBackward: isBackward, limit: 100, filter: said)
            return try fixture.page(of: room, request, for: fixture.alice).bodies
        }
        let between = (0..<5).map { "\($0)" }
        #expect(try bodies(from: second, to: first, isBackward: true) == between.reversed())
        #expect(try bodies(from: first, to: second, isBackward: false) == between)
        #expect(try bodies(from: first, to: nil, isBackward: true) == ["before"])
        #expect(try bodies(from: second, to: nil, isBackward: false) == ["after"])
        #expect(try bodies(from: nil, to: second, isBackward: true) == ["after"])
        #expect(try bodies(from: nil, to: first, isBackward: false) == ["before"])
        #expect(try bodies(from: first, to: second, isBackward: true).isEmpty)
        #expect(try bodies(from: second, to: first, isBackward: false).isEmpty)
        // Places outside of all that there is.
        let (least, most) = (PaginationToken(Position(-1 << 46)), PaginationToken(Position(1 << 46), suborder: .max))
        #expect(try bodies(from: most, to: least, isBackward: true).count == 7)
        #expect(try bodies(from: least, to: most, isBackward: false).count == 7)
        #expect(try bodies(from: least, to: nil, isBackward: true).isEmpty)
        #expect(try bodies(from: most, to: nil, isBackward: false).isEmpty)
    }

    @Test func filters() async throws {
        let fixture = try await RoomsFixture()
        let (alice, bob) = (fixture.alice, fixture.bob)
        let room = try await fixture.room(with: bob)
        try await fixture.say("alice's", in: room, by: alice)
        try await fixture.say("bob's", in: room, by: bob)
        for (number, type) in ["org.example.one", "org.example.two"].enumerated() {
            let content: JSONObject = number == 0 ? ["body": "one", "url": "mxc://example.org/1"] : ["body": "two"]
            _ = try await fixture.rooms.send(type, content, to: room, transactionID: "\(number)", by: bob)
        }
        func bodies(_ filter: JSONObject) throws -> [String] {
            let request = MessagesRequest(isBackward: false, limit: 100, filter: try EventFilter(checking: filter))
            return try fixture.page(of: room, request, for: alice).bodies.filter { !$0.hasPrefix("m.room.") }
        }
        #expect(try bodies(["types": ["m.room.message"]]) == ["alice's", "bob's"])
        #expect(try bodies(["types": ["org.*"]]) == ["one", "two"])
        #expect(try bodies(["types": ["org.*.one", "m.*e"]]) == ["alice's", "bob's", "one"])
        #expect(try bodies(["types": ["org.*"], "not_types": ["*two"]]) == ["one"])
        #expect(try bodies(["types": ["*"]]).count == 4 && bodies(["types": ["*org*example*one*"]]) == ["one"])
        // An asterisk stands for characters between its neighbours, which don't overlap.
        #expect(try bodies(["types": ["org.example.one*org.example.one", "org.example.*example.one", "org.**.two"]]) == ["two"])
        #expect(try bodies(["senders": ["@alice:example.org"]]) == ["alice's"])
        #expect(try bodies(["not_senders": ["@alice:example.org"]]) == ["bob's", "one", "two"])
        #expect(try bodies(["contains_url": true]) == ["one"])
        #expect(try bodies(["contains_url": false, "types": ["org.*"]]) == ["two"])
        #expect(try bodies(["rooms": [.string(room.string)]]).count == 4)
        #expect(try bodies(["not_rooms": [.string(room.string)]]).isEmpty)
        #expect(try bodies(["types": []]).isEmpty)
        for wrong in [["types": 1], ["senders": ["alice"]], ["contains_url": "yes"]] as [JSONObject] {
            await expect(.badJSON, 400) { try bodies(wrong) }
        }
    }

    /// Two types that look the same are two when their bytes differ.
    @Test func filtersCompareBytes() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let (composed, decomposed) = ("org.\u{e9}t\u{e9}", "org.e\u{301}te\u{301}")
        for (type, body) in [(composed, "composed"), (decomposed, "decomposed")] {
            _ = try await fixture.rooms.send(type, ["body": .string(body)], to: room, transactionID: body, by: fixture.alice)
        }
        func bodies(_ filter: JSONObject) throws -> [String] {
            try fixture.page(of: room, MessagesRequest(isBackward: false, limit: 100, filter: EventFilter(filter)), for: fixture.alice)
                .bodies
        }
        #expect(try bodies(["types": [.string(composed)]]) == ["composed"])
        #expect(try bodies(["types": [.string(decomposed)]]) == ["decomposed"])
        #expect(try bodies(["types": ["org.e*"]]) == ["decomposed"])
        #expect(try bodies(["types": ["org.*\u{301}"]]) == ["decomposed"])
        #expect(try bodies(["types": ["org.*"], "not_types": [.string(decomposed)]]) == ["composed"])
    }

    @Test func filteredPagesGoOnWhereTheyEnd() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        for number in 0..<9 {
            _ = try await fixture.rooms.send(
                number % 3 == 0 ? "org.example" : "org.other", ["body": "\(number)"], to: room, transactionID: "\(number)",
                by: fixture.alice)
        }
        let filter = EventFilter(["types": ["org.example"]])
        #expect(try pages(fixture, room, isBackward: true, limit: 1, filter).bodies == ["6", "3", "0"])
        #expect(try pages(fixture, room, isBackward: false, limit: 1, filter).bodies == ["0", "3", "6"])
    }

    @Test func lazyLoadingAddsTheSenders() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob, fixture.carol)
        try await fixture.say("hello", in: room, by: fixture.bob)
        let filter = EventFilter(["lazy_load_members": true])
        let page = try fixture.page(of: room, MessagesRequest(isBackward: true, limit: 1, filter: filter), for: fixture.alice)
        #expect(page.bodies == ["hello"])
        let state = try #require(page.answer["state"]?.arrayValue)
        #expect(state.map { $0["state_key"] } == ["@bob:example.org"] && state.first?["type"] == "m.room.member")
        let plain = try fixture.page(of: room, MessagesRequest(isBackward: true, limit: 1), for: fixture.alice)
        #expect(plain.answer["state"] == nil)
    }

    /// What may not be seen counts for no page, but doesn't keep from what is further back.
    @Test func hiddenEventsAreLeftOut() async throws {
        let fixture = try await RoomsFixture()
        let (alice, bob) = (fixture.alice, fixture.bob)
        let room = try await fixture.room(with: bob) {
            $0.initialState = [(.historyVisibility, ["history_visibility": "joined"])]
        }
        try await fixture.say("seen", in: room, by: alice)
        try await fixture.rooms.leave(room, reason: nil, by: bob)
        for number in 0..<5 { try await fixture.say("hidden \(number)", in: room, by: alice) }
        try await fixture.rooms.join(room, content: [:], by: bob)
        try await fixture.say("seen too", in: room, by: alice)
        let page = try fixture.page(of: room, MessagesRequest(isBackward: true, limit: 2, filter: said), for: bob)
        #expect(page.bodies == ["seen too", "seen"])
    }
}
