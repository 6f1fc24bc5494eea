import CanonicalJSON
import Testing

/// "Getting historical events": `/messages`.
@Suite(.fewAtATime) struct MessagesTests {
    @Test(arguments: ["10", "11", "12"])
    func backwardsToTheFirstEvent(_ version: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom(["room_version": "\(version)"])
        var sent: [String] = []
        for number in 0..<25 { sent.append(try await alice.send("\(number)", to: room)) }

        var events: [JSONValue] = []
        var from: String?
        repeat {
            let page = try await alice.messages(in: room, from: from, limit: 10)
            #expect(page.chunk.count <= 10)
            if let from { #expect(page.body["start"]?.stringValue == from) }
            #expect(page.chunk.allSatisfy { $0["room_id"]?.stringValue == room })
            #expect(page.end != from || page.end == nil)
            events += page.chunk
            from = page.end
        } while from != nil
        #expect(Array(events.eventIDs.prefix(25)) == sent.reversed())
        #expect(events.last?["type"] == "m.room.create")
        #expect(Set(events.eventIDs).count == events.count)
    }

    @Test func forwardsIsTheSameOrderReversed() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        for number in 0..<15 { try await alice.send("\(number)", to: room) }
        let backwards = try await alice.messages(in: room).chunk.eventIDs
        var forwards: [String] = []
        var from: String?
        repeat {
            let page = try await alice.messages(in: room, dir: "f", from: from, limit: 7)
            forwards += page.chunk.eventIDs
            from = page.chunk.isEmpty ? nil : page.end
        } while from != nil
        #expect(forwards == backwards.reversed())
    }

    @Test func tenEventsUnlessAnotherNumberIsAskedFor() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        for number in 0..<12 { try await alice.send("\(number)", to: room) }
        let chunk = try await alice.get("rooms", room, "messages", query: [("dir", "b")]).ok()["chunk"]?.arrayValue
        #expect(chunk?.count == 10)
    }

    @Test func tokensOfSyncAreTaken() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        try await alice.send("before", to: room)
        let first = try await alice.sync()
        for number in 0..<5 { try await alice.send("between \(number)", to: room) }
        let second = try await alice.sync(since: first.nextBatch)
        try await alice.send("after", to: room)

        let between = (0..<5).map { "between \($0)" }
        let back = try await alice.messages(in: room, from: second.nextBatch, to: first.nextBatch)
        #expect(back.chunk.messageBodies == between.reversed())
        let forth = try await alice.messages(in: room, dir: "f", from: first.nextBatch, to: second.nextBatch)
        #expect(forth.chunk.messageBodies == between)
        #expect(try await alice.messages(in: room, dir: "f", from: second.nextBatch).chunk.messageBodies == ["after"])
        #expect(try await alice.messages(in: room, from: first.nextBatch).chunk.messageBodies == ["before"])
    }

    @Test func thePreviousBatchOfALimitedTimelineFillsTheGap() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let first = try await alice.sync()
        for number in 0..<20 { try await alice.send("\(number)", to: room) }
        let second = try await alice.sync(since: first.nextBatch, filter: ["room": ["timeline": ["limit": 5]]])
        #expect(second.timeline(room).messageBodies == (15..<20).map { "\($0)" })
        #expect(second.joined(room)?["timeline", "limited"] == true)
        let previous = try #require(second.joined(room)?["timeline", "prev_batch"]?.stringValue)
        let gap = try await alice.messages(in: room, from: previous, to: first.nextBatch)
        #expect(gap.chunk.messageBodies == (0..<15).reversed().map { "\($0)" })
    }

    @Test func filters() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        try await alice.send("from alice", to: room)
        try await bob.send("from bob", to: room)
        try await bob.put(
            "rooms", room, "send", "org.example.one", unique("transaction"), body: ["url": "mxc://localhost/1", "body": "one"]
        ).ok()
        try await bob.put("rooms", room, "send", "org.example.two", unique("transaction"), body: ["body": "two"]).ok()
        func bodies(_ filter: JSONValue) async throws -> [String] {
            try await alice.messages(in: room, filter: filter).chunk.messageBodies.reversed()
        }
        #expect(try await bodies(["types": ["m.room.message"]]) == ["from alice", "from bob"])
        #expect(try await bodies(["types": ["org.example.*"]]) == ["one", "two"])
        #expect(try await bodies(["types": ["org.example.*"], "not_types": ["*.two"]]) == ["one"])
        #expect(try await bodies(["senders": ["\(alice.userID)"]]) == ["from alice"])
        #expect(try await bodies(["not_senders": ["\(alice.userID)"]]) == ["from bob", "one", "two"])
        #expect(try await bodies(["contains_url": true]) == ["one"])
        #expect(try await bodies(["contains_url": false, "types": ["org.example.*"]]) == ["two"])
        #expect(try await bodies(["not_rooms": ["\(room)"]]) == [])
        #expect(try await bodies(["types": []]) == [])
    }

    @Test func aFilteredPageGoesOnWhereItEnds() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        for number in 0..<9 {
            try await alice.put(
                "rooms", room, "send", number % 3 == 0 ? "org.example" : "org.other", "\(number)", body: ["body": "\(number)"]
            ).ok()
        }
        var bodies: [String] = []
        var from: String?
        repeat {
            let page = try await alice.messages(in: room, from: from, limit: 1, filter: ["types": ["org.example"]])
            bodies += page.chunk.messageBodies
            from = page.end
        } while from != nil
        #expect(bodies == ["6", "3", "0"])
    }

    @Test func lazyLoadingAddsTheSenders() async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let room = try await alice.createRoom(with: bob, carol)
        try await bob.send("hello", to: room)
        let page = try await alice.messages(in: room, limit: 1, filter: ["lazy_load_members": true])
        #expect(page.chunk.messageBodies == ["hello"])
        let state = try #require(page.body["state"]?.arrayValue)
        #expect(state.compactMap { $0["state_key"]?.stringValue } == [bob.userID])
        #expect(state.types == ["m.room.member"])
    }

    @Test func whoMayRead() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["preset": "public_chat"])
        try await alice.send("before", to: room)
        for room in [room, "!unknown:localhost"] {
            try await bob.get("rooms", room, "messages", query: [("dir", "b")]).fails(403, "M_FORBIDDEN")
        }
        try await bob.join(room)
        try await alice.send("with", to: room)
        try await bob.leave(room)
        try await alice.send("after", to: room)
        #expect(try await bob.messages(in: room).chunk.messageBodies == ["with", "before"])
        try await bob.get("rooms", "no-room-id", "messages", query: [("dir", "b")]).fails(400, "M_INVALID_PARAM")
    }

    @Test(arguments: [("joined", ["with"]), ("invited", ["with", "invited"]), ("shared", ["with", "invited", "before"])])
    func historyVisibility(_ visibility: String, _ expected: [String]) async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom([
            "initial_state": [["type": "m.room.history_visibility", "content": ["history_visibility": "\(visibility)"]]]
        ])
        try await alice.send("before", to: room)
        try await alice.invite(bob, to: room)
        try await alice.send("invited", to: room)
        try await bob.join(room)
        try await alice.send("with", to: room)
        #expect(try await bob.messages(in: room).chunk.messageBodies == expected)
        #expect(try await bob.sync().timeline(room).messageBodies == expected.reversed())
    }

    @Test func everybodyReadsAWorldReadableRoom() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom([
            "initial_state": [["type": "m.room.history_visibility", "content": ["history_visibility": "world_readable"]]]
        ])
        let id = try await alice.send("for all", to: room)
        #expect(try await bob.messages(in: room).chunk.messageBodies == ["for all"])
        try await bob.get("rooms", room, "event", id).ok()
    }

    @Test(arguments: [
        [], [("dir", "x")], [("dir", "b"), ("from", "no token")], [("dir", "b"), ("to", "no token")], [("dir", "b"), ("limit", "many")],
        [("dir", "b"), ("limit", "-1")], [("dir", "b"), ("filter", "{")], [("dir", "b"), ("filter", "{\"types\": 1}")],
    ])
    func malformedQueriesAreRefused(_ query: [(String, String)]) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        try await alice.get("rooms", room, "messages", query: query)
            .fails(400, "M_MISSING_PARAM", "M_INVALID_PARAM", "M_BAD_JSON", "M_NOT_JSON", "M_UNKNOWN")
    }

    @Test func largeLimitsAreCapped() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        #expect(try await alice.messages(in: room, limit: 1_000_000).chunk.last?["type"] == "m.room.create")
    }
}
