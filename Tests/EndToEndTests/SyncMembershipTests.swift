import CanonicalJSON
import Testing

/// What `/sync` tells of rooms that one joins, is invited to, leaves and comes back to.
@Suite(.fewAtATime) struct SyncMembershipTests {
    @Test func joiningBringsTheWholeRoom() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let since = try await bob.sync().nextBatch
        let room = try await alice.createRoom(["preset": "public_chat", "name": "Before Bob"])
        for number in 0..<30 { try await alice.send("\(number)", to: room) }
        try await bob.join(room)
        let answer = try await bob.sync(since: since, filter: ["room": ["timeline": ["limit": 5]]])
        #expect(answer.joined(room)?["timeline", "limited"] == true)
        #expect(answer.timeline(room).last?["state_key"]?.stringValue == bob.userID)
        #expect(answer.state(room).event("m.room.name")?["content", "name"] == "Before Bob")
        #expect(answer.state(room).event("m.room.create") != nil)
        #expect(answer.state(room).event("m.room.member", alice.userID) != nil)
    }

    @Test(arguments: ["10", "11", "12"])
    func invitesComeWithStrippedState(_ version: String) async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let since = try await bob.sync().nextBatch
        let room = try await alice.createRoom([
            "room_version": "\(version)", "name": "Invited", "topic": "Tea", "invite": ["\(bob.userID)"],
            "creation_content": ["type": "m.space"],
        ])
        for answer in [try await bob.sync(since: since), try await bob.sync()] {
            let events = try #require(answer.invited(room)?["invite_state", "events"]?.arrayValue)
            #expect(events.event("m.room.name")?["content", "name"] == "Invited")
            #expect(events.event("m.room.join_rules") != nil)
            #expect(events.event("m.room.create")?["content", "type"] == "m.space")
            #expect(events.event("m.room.member", bob.userID)?["content", "membership"] == "invite")
            #expect(events.event("m.room.member", bob.userID)?["sender"]?.stringValue == alice.userID)
            #expect(events.event("m.room.member", alice.userID)?["content", "membership"] == "join")
            #expect(events.allSatisfy { $0["state_key"] != nil && $0["type"] != nil && $0["sender"] != nil && $0["content"] != nil })
            #expect(answer.joined(room) == nil)
        }
        #expect(try await bob.sync(since: bob.sync().nextBatch).invited(room) == nil)
        try await bob.join(room)
        let joined = try await bob.sync()
        #expect(joined.invited(room) == nil)
        #expect(joined.joined(room) != nil)
    }

    @Test func aRejectedInviteIsALeave() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["invite": ["\(bob.userID)"]])
        let since = try await bob.sync().nextBatch
        try await bob.leave(room)
        let answer = try await bob.sync(since: since)
        #expect(answer.left(room) != nil)
        #expect(answer.invited(room) == nil)
        #expect(try await bob.sync().invited(room) == nil)
    }

    @Test func leavesKicksAndBansAreShown() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        for (action, membership) in [("leave", "leave"), ("kick", "leave"), ("ban", "ban")] {
            let room = try await alice.createRoom(with: bob)
            let since = try await bob.sync().nextBatch
            try await alice.send("before", to: room)
            if action == "leave" {
                try await bob.leave(room)
            } else {
                try await alice.post("rooms", room, action, body: ["user_id": "\(bob.userID)"]).ok()
            }
            try await alice.send("after", to: room)
            try await alice.setState("m.room.topic", in: room, to: ["topic": "after"])
            let answer = try await bob.sync(since: since)
            let left = try #require(answer.left(room), "\(action)")
            let timeline = try #require(left["timeline", "events"]?.arrayValue)
            #expect(timeline.types == ["m.room.message", "m.room.member"])
            #expect(timeline.last?["content", "membership"]?.stringValue == membership)
            #expect(left["state", "events"]?.arrayValue?.event("m.room.topic") == nil)
            #expect(answer.joined(room) == nil)
            #expect(try await bob.sync(since: answer.nextBatch).left(room) == nil)
            // Who was sent away learns of it also by a new login.
            #expect((try await bob.sync().left(room) == nil) == (action == "leave"))
        }
    }

    @Test func aLeaveIsShownThoughTheRoomIsForgotten() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let since = try await bob.sync().nextBatch
        try await bob.leave(room)
        try await bob.post("rooms", room, "forget").ok()
        #expect(try await bob.sync(since: since).left(room) != nil)
        #expect(try await bob.sync(filter: ["room": ["include_leave": true]]).left(room) == nil)
    }

    @Test func leftRoomsAreIncludedOnRequest() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        try await bob.leave(room)
        try await alice.send("after", to: room)
        let left = try #require(try await bob.sync(filter: ["room": ["include_leave": true]]).left(room))
        #expect(left["timeline", "events"]?.arrayValue?.messageBodies == [])
        #expect(left["timeline", "events"]?.arrayValue?.last?["content", "membership"] == "leave")
    }

    @Test func comingAndGoingBetweenTwoSyncs() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let since = try await bob.sync().nextBatch
        try await bob.leave(room)
        try await alice.send("while away", to: room)
        try await bob.join(room)
        let answer = try await bob.sync(since: since)
        #expect(answer.left(room) == nil)
        #expect(answer.timeline(room).last?["content", "membership"] == "join")
        #expect(answer.timeline(room).last?["state_key"]?.stringValue == bob.userID)

        let strange = try await alice.createRoom(["preset": "public_chat"])
        try await bob.join(strange)
        try await bob.leave(strange)
        let both = try await bob.sync(since: answer.nextBatch)
        #expect(both.joined(strange) == nil)
        #expect(both.left(strange) != nil)
    }

    @Test func invitesThatComeAndGo() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let rooms = [try await alice.createRoom(), try await alice.createRoom(), try await alice.createRoom()]
        var since = try await bob.sync().nextBatch
        for room in rooms { try await alice.invite(bob, to: room) }
        try await bob.join(rooms[0])
        let first = try await bob.sync(since: since)
        #expect(first.joined(rooms[0]) != nil && first.invited(rooms[0]) == nil)
        #expect(first.invited(rooms[1]) != nil && first.invited(rooms[2]) != nil)
        since = first.nextBatch
        // Taken back, and banned.
        try await alice.post("rooms", rooms[1], "kick", body: ["user_id": "\(bob.userID)"]).ok()
        try await alice.post("rooms", rooms[2], "ban", body: ["user_id": "\(bob.userID)"]).ok()
        let second = try await bob.sync(since: since)
        for room in rooms[1...] {
            #expect(second.left(room) != nil && second.invited(room) == nil)
            #expect(try await bob.sync().invited(room) == nil)
        }
    }

    @Test func whatWasSaidWhileAwayStaysHidden() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom([
            "preset": "public_chat",
            "initial_state": [["type": "m.room.history_visibility", "content": ["history_visibility": "joined"]]],
        ])
        try await bob.join(room)
        try await alice.send("before", to: room)
        let since = try await bob.sync().nextBatch
        try await bob.leave(room)
        for number in 0..<3 { try await alice.send("secret \(number)", to: room) }
        try await bob.join(room)
        try await alice.send("again", to: room)
        for answer in [try await bob.sync(since: since), try await bob.sync()] {
            let bodies = answer.timeline(room).messageBodies
            #expect(bodies.last == "again")
            #expect(!bodies.contains { $0.hasPrefix("secret") })
        }
        var bodies: [String] = []
        var from: String?
        repeat {
            let page = try await bob.messages(in: room, from: from, limit: 2)
            bodies += page.chunk.messageBodies
            from = page.end
        } while from != nil
        #expect(bodies == ["again", "before"])
    }

    @Test func aTimelineAfterARejoinHasNoHole() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        try await alice.send("before", to: room)
        try await bob.leave(room)
        let since = try await bob.sync().nextBatch
        for number in 0..<30 { try await alice.send("\(number)", to: room) }
        try await bob.join(room)
        let answer = try await bob.sync(since: since)
        #expect(answer.joined(room)?["timeline", "limited"] == true)
        #expect(answer.timeline(room).last?["state_key"]?.stringValue == bob.userID)
        let previous = try #require(answer.joined(room)?["timeline", "prev_batch"]?.stringValue)
        let bodies = try await bob.messages(in: room, from: previous).chunk.messageBodies.reversed() + answer.timeline(room).messageBodies
        #expect(bodies == ["before"] + (0..<30).map { "\($0)" })
    }
}
