import CanonicalJSON
import Testing

/// "Syncing": what `/sync` answers. Long polls, filters and memberships have suites of their own.
@Suite(.fewAtATime) struct SyncTests {
    @Test func anEmptyAccount() async throws {
        let alice = try await newUser("alice")
        let first = try await alice.sync()
        for section in ["join", "invite", "leave", "knock"] { #expect(first.body["rooms", section] == nil) }
        let second = try await alice.sync(since: first.nextBatch)
        #expect(second.body["rooms"]?.objectValue?.isEmpty != false)
        #expect(second.accountData.isEmpty)
    }

    @Test func aJoinedRoomHasAllItsSections() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom(["room_version": "11", "name": "Room"])
        let since = try await alice.sync().nextBatch
        try await alice.send("hello", to: room)
        for answer in [try await alice.sync(), try await alice.sync(since: since)] {
            let joined = try #require(answer.joined(room))
            for section in ["timeline", "state", "ephemeral", "account_data"] {
                #expect(joined[section, "events"]?.arrayValue != nil, "\(section)")
            }
            #expect(joined["ephemeral", "events"] == [])
            #expect(joined["account_data", "events"] == [])
            #expect(joined["unread_notifications"] == ["highlight_count": 0, "notification_count": 0])
            #expect(joined["timeline", "prev_batch"]?.stringValue?.isEmpty == false)
            #expect(answer.body["rooms", "invite"] == nil)
            #expect(answer.body["rooms", "leave"] == nil)
            let event = try #require(answer.timeline(room).last)
            #expect(event["content", "body"] == "hello")
            #expect(event["sender"]?.stringValue == alice.userID)
            #expect(try #require(event["origin_server_ts"]?.integerValue) > 0)
            #expect(event["unsigned", "transaction_id"] != nil)
            // Sync leaves out what is known from where the event stands.
            #expect(event["room_id"] == nil)
        }
    }

    @Test(arguments: ["10", "11", "12"])
    func theTimelineOfANewRoomIsItsWholeStory(_ version: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom(["room_version": "\(version)", "name": "Room"])
        let answer = try await alice.sync(filter: ["room": ["timeline": ["limit": 50]]])
        let timeline = answer.timeline(room)
        #expect(timeline.types.prefix(3) == ["m.room.create", "m.room.member", "m.room.power_levels"])
        #expect(timeline.types.last == "m.room.name")
        #expect(answer.joined(room)?["timeline", "limited"]?.boolValue != true)
        // Nothing was before the timeline.
        #expect(answer.state(room).isEmpty)
        #expect(timeline.first?["room_id"] == nil)
    }

    @Test func anInitialTimelineIsLimitedAndTheStateIsWhatWasBefore() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let first = try await alice.setState("m.room.topic", in: room, to: ["topic": "first"])
        for number in 0..<4 { try await alice.send("\(number)", to: room) }
        let second = try await alice.setState("m.room.topic", in: room, to: ["topic": "second"])
        for number in 4..<7 { try await alice.send("\(number)", to: room) }
        // The timeline begins after the first topic, and holds the second.
        let answer = try await alice.sync(filter: ["room": ["timeline": ["limit": 5]]])
        #expect(answer.joined(room)?["timeline", "limited"] == true)
        #expect(answer.timeline(room).messageBodies == ["3", "4", "5", "6"])
        #expect(answer.timeline(room).eventIDs.contains(second))
        #expect(answer.state(room).event("m.room.topic")?["event_id"]?.stringValue == first)
        #expect(
            Set(answer.state(room).types).isSuperset(of: ["m.room.create", "m.room.member", "m.room.power_levels", "m.room.join_rules"]))
        // Without the first in front of it, the second is in the timeline or in the state, and what is now is known.
        let short = try await alice.sync(filter: ["room": ["timeline": ["limit": 2]]])
        #expect(short.timeline(room).messageBodies == ["5", "6"])
        #expect(short.state(room).event("m.room.topic")?["event_id"]?.stringValue == second)
    }

    @Test func anIncrementalSyncBringsWhatIsNewOnce() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let quiet = try await alice.createRoom(with: bob)
        var since = try await bob.sync().nextBatch
        for number in 0..<3 {
            try await alice.send("\(number)", to: room)
            let answer = try await bob.sync(since: since)
            #expect(answer.timeline(room).messageBodies == ["\(number)"])
            #expect(answer.joined(room)?["timeline", "limited"]?.boolValue != true)
            #expect(answer.state(room).isEmpty)
            #expect(answer.joined(quiet) == nil)
            since = answer.nextBatch
        }
        #expect(try await bob.sync(since: since).body["rooms", "join"] == nil)
    }

    @Test func theSameTokenTwiceGivesTheSameAnswer() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let since = try await bob.sync().nextBatch
        try await alice.send("hello", to: room)
        try await alice.setState("m.room.topic", in: room, to: ["topic": "tea"])
        let answers = [try await bob.sync(since: since), try await bob.sync(since: since), try await bob.logIn().sync(since: since)]
        for answer in answers {
            #expect(answer.timeline(room).types == ["m.room.message", "m.room.topic"])
            #expect(answer.timeline(room).eventIDs == answers[0].timeline(room).eventIDs)
        }
    }

    @Test func aGapIsLimitedAndItsStateIsTold() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let since = try await bob.sync().nextBatch
        let topic = try await alice.setState("m.room.topic", in: room, to: ["topic": "in the gap"])
        for number in 0..<30 { try await alice.send("\(number)", to: room) }
        let answer = try await bob.sync(since: since, filter: ["room": ["timeline": ["limit": 10]]])
        #expect(answer.joined(room)?["timeline", "limited"] == true)
        #expect(answer.timeline(room).messageBodies == (20..<30).map { "\($0)" })
        #expect(answer.state(room).eventIDs == [topic])
        #expect(try await bob.sync(since: answer.nextBatch).joined(room) == nil)
    }

    @Test func nothingIsLostBetweenPages() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        var since = try await bob.sync().nextBatch
        async let sending: Void = {
            for number in 0..<40 { try await alice.send("\(number)", to: room) }
        }()
        var bodies: [String] = []
        while bodies.last != "39" {
            let answer = try await bob.sync(since: since, timeout: 20_000, filter: ["room": ["timeline": ["limit": 100]]])
            bodies += answer.timeline(room).messageBodies
            since = answer.nextBatch
            try #require(bodies.count <= 40)
        }
        try await sending
        #expect(bodies == (0..<40).map { "\($0)" })
    }

    @Test func fullStateTellsAllOfIt() async throws {
        let alice = try await newUser("alice")
        let (room, quiet) = (try await alice.createRoom(["name": "Room"]), try await alice.createRoom(["name": "Quiet"]))
        let since = try await alice.sync().nextBatch
        try await alice.send("hello", to: room)
        let answer = try await alice.sync(since: since, timeout: 30_000, query: [("full_state", "true")])
        #expect(answer.timeline(room).messageBodies == ["hello"])
        for room in [room, quiet] {
            #expect(Set(answer.state(room).types).isSuperset(of: ["m.room.create", "m.room.member", "m.room.power_levels", "m.room.name"]))
        }
        #expect(answer.timeline(quiet).isEmpty)
    }

    @Test(arguments: ["use_state_after", "org.matrix.msc4222.use_state_after"])
    func stateAfterTheTimeline(_ parameter: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let since = try await alice.sync().nextBatch
        let topic = try await alice.setState("m.room.topic", in: room, to: ["topic": "tea"])
        let name = parameter == "use_state_after" ? "state_after" : "org.matrix.msc4222.state_after"
        let answer = try await alice.sync(since: since, query: [(parameter, "true")])
        #expect(answer.joined(room)?[name, "events"]?.arrayValue?.eventIDs == [topic])
        #expect(answer.joined(room)?["state"] == nil)
        #expect(answer.timeline(room).eventIDs == [topic])
        let initial = try await alice.sync(query: [(parameter, "true")])
        #expect(initial.joined(room)?[name, "events"]?.arrayValue?.event("m.room.topic")?["event_id"]?.stringValue == topic)
        #expect(initial.joined(room)?[name, "events"]?.arrayValue?.event("m.room.create") != nil)
        let plain = try await alice.sync(since: since)
        #expect(plain.joined(room)?[name] == nil)
    }

    @Test func theSummaryCountsAndNamesMembers() async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let room = try await alice.createRoom(with: bob)
        try await alice.invite(carol, to: room)
        // Clients that load members lazily depend on it.
        let lazy: JSONValue = ["room": ["state": ["lazy_load_members": true]]]
        let first = try await alice.sync(filter: lazy)
        let summary = try #require(first.joined(room)?["summary"])
        #expect(summary["m.joined_member_count"] == 2)
        #expect(summary["m.invited_member_count"] == 1)
        #expect(Set(summary["m.heroes"]?.strings ?? []) == [bob.userID, carol.userID])
        try await carol.join(room)
        let second = try await alice.sync(since: first.nextBatch, filter: lazy)
        #expect(second.joined(room)?["summary", "m.joined_member_count"] == 3)
        #expect(second.joined(room)?["summary", "m.invited_member_count"] == 0)
    }

    @Test func namedRoomsNeedNoHeroes() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["preset": "public_chat", "name": "Named"])
        try await bob.join(room)
        let summary = try await alice.sync(filter: ["room": ["state": ["lazy_load_members": true]]]).joined(room)?["summary"]
        #expect(summary?["m.joined_member_count"] == 2)
        #expect(summary?["m.heroes"]?.strings?.contains(alice.userID) != true)
    }

    @Test func aDeviceSeesItsTransactionIDs() async throws {
        let alice = try await newUser("alice")
        let tablet = try await alice.logIn()
        let room = try await alice.createRoom()
        let since = try await alice.sync().nextBatch
        try await alice.put("rooms", room, "send", "m.room.message", "my transaction", body: ["msgtype": "m.text", "body": "hello"]).ok()
        #expect(try await alice.sync(since: since).timeline(room).last?["unsigned", "transaction_id"] == "my transaction")
        #expect(try await tablet.sync(since: since).timeline(room).last?["unsigned", "transaction_id"] == nil)
    }

    @Test(arguments: [
        [("since", "no token")], [("since", "")], [("timeout", "soon")], [("timeout", "-1")], [("full_state", "maybe")],
        [("set_presence", "sleeping")],
        [("filter", "{")], [("filter", "{\"room\": 1}")], [("use_state_after", "perhaps")],
    ])
    func malformedQueriesAreRefused(_ query: [(String, String)]) async throws {
        let alice = try await newUser("alice")
        try await alice.get("sync", query: query).fails(400, "M_INVALID_PARAM", "M_BAD_JSON", "M_NOT_JSON", "M_UNKNOWN")
    }

    @Test func onesTokenIsNotAnothers() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        let since = try await alice.sync().nextBatch
        try await alice.send("private", to: room)
        #expect(try await bob.sync(since: since).joined(room) == nil)
    }

    @Test func aTokenFromLongAgoMissesNothing() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let (shared, busy) = (try await alice.createRoom(with: bob), try await alice.createRoom())
        let invited = try await alice.createRoom()
        let since = try await bob.sync().nextBatch
        try await alice.send("long ago", to: shared)
        try await alice.invite(bob, to: invited)
        try await bob.put("user", bob.userID, "account_data", "org.example", body: ["old": true]).ok()
        // More than the server reads of what happened since.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<11 {
                group.addTask { for number in 0..<100 { try await alice.send("\(sender) \(number)", to: busy) } }
            }
            try await group.waitForAll()
        }
        let answer = try await bob.sync(since: since)
        #expect(answer.timeline(shared).messageBodies == ["long ago"])
        #expect(answer.invited(invited) != nil)
        #expect(answer.accountData.event("org.example") != nil)
        #expect(answer.joined(busy) == nil)
        #expect(try await bob.sync(since: answer.nextBatch).body["rooms"]?.objectValue?.isEmpty != false)
    }

    @Test func accountDataAloneBringsTheRoom() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let since = try await alice.sync().nextBatch
        try await alice.put("user", alice.userID, "rooms", room, "account_data", "org.example", body: ["a": 1]).ok()
        let joined = try #require(try await alice.sync(since: since).joined(room))
        #expect(joined["account_data", "events"] == [["type": "org.example", "content": ["a": 1]]])
        for section in ["timeline", "state", "ephemeral"] { #expect(joined[section, "events"] == [], "\(section)") }
        #expect(joined["timeline", "limited"]?.boolValue != true)
    }
}
