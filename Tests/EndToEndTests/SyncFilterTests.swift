import CanonicalJSON
import Testing

/// What filters do to `/sync`.
@Suite(.fewAtATime) struct SyncFilterTests {
    @Test func timelinesByTypeAndSender() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let since = try await alice.sync().nextBatch
        try await alice.send("from alice", to: room)
        try await bob.send("from bob", to: room)
        try await bob.put("rooms", room, "send", "org.example.a", unique("transaction"), body: ["body": "a", "url": "mxc://localhost/a"])
            .ok()
        try await bob.put("rooms", room, "send", "org.example.b", unique("transaction"), body: ["body": "b"]).ok()
        func bodies(_ filter: JSONValue) async throws -> [String] {
            try await alice.sync(since: since, filter: ["room": ["timeline": filter]]).timeline(room).messageBodies
        }
        #expect(try await bodies(["types": ["m.room.message"]]) == ["from alice", "from bob"])
        #expect(try await bodies(["not_types": ["m.room.*"]]) == ["a", "b"])
        #expect(try await bodies(["types": ["org.*"], "not_types": ["*.a"]]) == ["b"])
        #expect(try await bodies(["senders": ["\(bob.userID)"], "not_types": ["org.*"]]) == ["from bob"])
        #expect(try await bodies(["not_senders": ["\(bob.userID)"]]) == ["from alice"])
        #expect(try await bodies(["contains_url": true]) == ["a"])
        #expect(try await bodies(["types": []]) == [])
    }

    @Test func theLimitCountsWhatTheFilterLeaves() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let since = try await alice.sync().nextBatch
        try await alice.send("the one", to: room)
        for number in 0..<5 { try await alice.put("rooms", room, "send", "org.example", "\(number)", body: [:]).ok() }
        let answer = try await alice.sync(since: since, filter: ["room": ["timeline": ["limit": 1, "types": ["m.room.message"]]]])
        #expect(answer.timeline(room).messageBodies == ["the one"])
    }

    @Test func stateByType() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom(["name": "Room", "topic": "Topic"])
        for number in 0..<3 { try await alice.send("\(number)", to: room) }
        let answer = try await alice.sync(filter: [
            "room": ["state": ["types": ["m.room.name", "m.room.topic"]], "timeline": ["limit": 2]]
        ])
        #expect(Set(answer.state(room).types) == ["m.room.name", "m.room.topic"])
        let none = try await alice.sync(filter: ["room": ["state": ["not_types": ["*"]], "timeline": ["limit": 2]]])
        #expect(none.state(room).isEmpty)
        #expect(none.timeline(room).count == 2)
    }

    @Test func rooms() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let (first, second) = (try await alice.createRoom(with: bob), try await alice.createRoom(with: bob))
        let only = try await bob.sync(filter: ["room": ["rooms": ["\(first)"]]])
        #expect(only.joined(first) != nil && only.joined(second) == nil)
        let except = try await bob.sync(filter: ["room": ["not_rooms": ["\(first)"]]])
        #expect(except.joined(first) == nil && except.joined(second) != nil)
        let none = try await bob.sync(filter: ["room": ["rooms": []]])
        #expect(none.body["rooms", "join"] == nil)
        // For one section only.
        let section = try await bob.sync(filter: ["room": ["timeline": ["not_rooms": ["\(first)"]]]])
        #expect(section.timeline(first).isEmpty && !section.timeline(second).isEmpty)
        #expect(section.state(first).event("m.room.create") != nil)
    }

    @Test func membersAreLoadedLazily() async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let room = try await alice.createRoom(with: bob, carol)
        try await bob.send("from bob", to: room)
        let lazy: JSONValue = ["room": ["state": ["lazy_load_members": true], "timeline": ["limit": 1]]]
        let first = try await alice.sync(filter: lazy)
        let members = Set(first.state(room).filter { $0["type"] == "m.room.member" }.compactMap { $0["state_key"]?.stringValue })
        #expect(members.contains(bob.userID))
        // Carol is there as a hero at most.
        #expect(members.isSubset(of: [alice.userID, bob.userID, carol.userID]))
        try await carol.send("from carol", to: room)
        let second = try await alice.sync(since: first.nextBatch, filter: lazy)
        #expect(second.timeline(room).messageBodies == ["from carol"])
        // The same token brings the same members again, as nothing says that the answer arrived.
        let again = try await alice.sync(since: first.nextBatch, filter: lazy)
        #expect(Set(again.state(room).eventIDs) == Set(second.state(room).eventIDs))
        // Whom the client knows, it isn't told of again.
        try await carol.send("from carol again", to: room)
        let known = try await alice.sync(since: again.nextBatch, filter: lazy)
        #expect(known.timeline(room).messageBodies == ["from carol again"])
        #expect(known.state(room).event("m.room.member", carol.userID) == nil)
        let redundant: JSONValue = [
            "room": ["state": ["lazy_load_members": true, "include_redundant_members": true], "timeline": ["limit": 1]]
        ]
        let third = try await alice.sync(since: first.nextBatch, filter: redundant)
        #expect(third.state(room).event("m.room.member", carol.userID) != nil)
    }

    @Test func accountDataByType() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        for type in ["org.example.a", "org.example.b"] {
            try await alice.put("user", alice.userID, "account_data", type, body: ["a": 1]).ok()
            try await alice.put("user", alice.userID, "rooms", room, "account_data", type, body: ["a": 1]).ok()
        }
        let answer = try await alice.sync(filter: [
            "account_data": ["types": ["org.example.a"]], "room": ["account_data": ["not_types": ["org.example.a"]]],
        ])
        #expect(answer.accountData.types == ["org.example.a"])
        #expect(answer.joined(room)?["account_data", "events"]?.arrayValue?.types == ["org.example.b"])
    }
}
