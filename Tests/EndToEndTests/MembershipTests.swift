import CanonicalJSON
import Testing

/// "Room membership": join, invite, leave, kick, ban, unban, forget.
@Suite(.fewAtATime) struct MembershipTests {
    static let versions = ["10", "11", "12"]

    @Test(arguments: versions)
    func publicRoomsCanBeJoinedByIDAndByAlias(_ version: String) async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let alias = unique("open")
        let room = try await alice.createRoom(["room_version": "\(version)", "preset": "public_chat", "room_alias_name": "\(alias)"])
        #expect(try await bob.post("rooms", room, "join").ok()["room_id"]?.stringValue == room)
        #expect(try await carol.post("join", "#\(alias):localhost").ok()["room_id"]?.stringValue == room)
        for user in [alice, bob, carol] {
            #expect(try await user.get("joined_rooms").ok()["joined_rooms"]?.strings == [room])
            #expect(try await alice.membership(of: user, in: room) == "join")
        }
        // The general form takes IDs too, and who is in stays in, without another event.
        let event = try #require(try await alice.fullState(of: room).event("m.room.member", bob.userID)?["event_id"])
        #expect(try await bob.post("join", room, query: [("via", "localhost")]).ok()["room_id"]?.stringValue == room)
        #expect(try await alice.fullState(of: room).event("m.room.member", bob.userID)?["event_id"] == event)
    }

    @Test func extraMembersOfAJoinEnterItsContent() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["preset": "public_chat"])
        try await bob.put("profile", bob.userID, "displayname", body: ["displayname": "Bob"]).ok()
        try await bob.post("rooms", room, "join", body: ["reason": "curious", "org.example": ["a": 1]]).ok()
        let content = try #require(try await alice.state("m.room.member", bob.userID, in: room))
        #expect(content["membership"] == "join")
        #expect(content["reason"] == "curious")
        #expect(content["org.example"] == ["a": 1])
        #expect(content["displayname"] == "Bob")
    }

    @Test(arguments: versions)
    func privateRoomsWantAnInvite(_ version: String) async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["room_version": "\(version)"])
        try await bob.post("rooms", room, "join").fails(403, "M_FORBIDDEN")
        try await alice.post("rooms", room, "invite", body: ["user_id": "\(bob.userID)", "reason": "welcome"]).ok()
        #expect(try await alice.state("m.room.member", bob.userID, in: room)?["membership"] == "invite")
        #expect(try await alice.state("m.room.member", bob.userID, in: room)?["reason"] == "welcome")
        // An invite may be repeated.
        try await alice.invite(bob, to: room)
        try await bob.join(room)
        #expect(try await alice.membership(of: bob, in: room) == "join")
    }

    @Test func whoMayNotInvite() async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let room = try await alice.createRoom(["preset": "public_chat", "power_level_content_override": ["invite": 50]])
        try await bob.post("rooms", room, "invite", body: ["user_id": "\(carol.userID)"]).fails(403, "M_FORBIDDEN")
        try await bob.join(room)
        try await bob.post("rooms", room, "invite", body: ["user_id": "\(carol.userID)"]).fails(403, "M_FORBIDDEN")
        try await alice.post("rooms", room, "invite", body: ["user_id": "\(bob.userID)"]).fails(403, "M_FORBIDDEN")
        try await alice.post("rooms", room, "ban", body: ["user_id": "\(carol.userID)"]).ok()
        try await alice.post("rooms", room, "invite", body: ["user_id": "\(carol.userID)"]).fails(403, "M_FORBIDDEN")
        #expect(try await alice.membership(of: carol, in: room) == "ban")
    }

    @Test(arguments: ["invite", "kick", "ban", "unban"])
    func theUserHasToBeNamed(_ action: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        try await alice.post("rooms", room, action, body: [:]).fails(400, "M_MISSING_PARAM", "M_BAD_JSON", "M_INVALID_PARAM")
        for invalid in [1, ["@bob:localhost"], "bob", "@bob", "@bob:localhost:port", "#bob:localhost"] as [JSONValue] {
            try await alice.post("rooms", room, action, body: ["user_id": invalid]).fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
        }
        try await alice.post("rooms", room, action, body: ["user_id": "@bob:localhost", "reason": 1])
            .fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
    }

    @Test(arguments: versions)
    func leavingAndRejectingAnInvite(_ version: String) async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["room_version": "\(version)"])
        try await alice.invite(bob, to: room)
        try await bob.post("rooms", room, "leave", body: ["reason": "no time"]).ok()
        #expect(try await alice.state("m.room.member", bob.userID, in: room)?["reason"] == "no time")
        #expect(try await alice.membership(of: bob, in: room) == "leave")
        try await bob.post("rooms", room, "join").fails(403, "M_FORBIDDEN")

        try await alice.invite(bob, to: room)
        try await bob.join(room)
        try await bob.leave(room)
        #expect(try await alice.membership(of: bob, in: room) == "leave")
        #expect(try await bob.get("joined_rooms").ok()["joined_rooms"] == [])
        try await bob.put("rooms", room, "send", "m.room.message", "1", body: ["msgtype": "m.text", "body": "gone"]).fails(
            403, "M_FORBIDDEN")
    }

    @Test func whoWasNeverInARoomCannotLeaveIt() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["preset": "public_chat"])
        try await bob.post("rooms", room, "leave").fails(403, "M_FORBIDDEN")
        try await bob.post("rooms", "!unknown:localhost", "leave").fails(404, "M_NOT_FOUND")
    }

    @Test(arguments: versions)
    func kicking(_ version: String) async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let room = try await alice.createRoom(with: bob, version: version)
        try await carol.post("rooms", room, "kick", body: ["user_id": "\(bob.userID)"]).fails(403, "M_FORBIDDEN")
        try await bob.post("rooms", room, "kick", body: ["user_id": "\(alice.userID)"]).fails(403, "M_FORBIDDEN")
        try await alice.post("rooms", room, "kick", body: ["user_id": "\(carol.userID)"]).fails(403, "M_FORBIDDEN")
        try await alice.post("rooms", room, "kick", body: ["user_id": "\(bob.userID)", "reason": "rude"]).ok()
        let event = try #require(try await alice.fullState(of: room).event("m.room.member", bob.userID))
        #expect(event["content", "membership"] == "leave")
        #expect(event["content", "reason"] == "rude")
        #expect(event["sender"]?.stringValue == alice.userID)
        // An invited user is kicked by taking the invite back.
        try await alice.invite(carol, to: room)
        try await alice.post("rooms", room, "kick", body: ["user_id": "\(carol.userID)"]).ok()
        #expect(try await alice.membership(of: carol, in: room) == "leave")
        // Who was kicked from a public room may come again.
        try await bob.join(room)
    }

    @Test(arguments: versions)
    func banningAndUnbanning(_ version: String) async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let room = try await alice.createRoom(with: bob, version: version)
        try await bob.post("rooms", room, "ban", body: ["user_id": "\(alice.userID)"]).fails(403, "M_FORBIDDEN")
        try await carol.post("rooms", room, "ban", body: ["user_id": "\(bob.userID)"]).fails(403, "M_FORBIDDEN")
        // Members and strangers can be banned.
        for user in [bob, carol] {
            try await alice.post("rooms", room, "ban", body: ["user_id": "\(user.userID)", "reason": "spam"]).ok()
            #expect(try await alice.state("m.room.member", user.userID, in: room)?["membership"] == "ban")
            #expect(try await alice.state("m.room.member", user.userID, in: room)?["reason"] == "spam")
            try await user.post("rooms", room, "join").fails(403, "M_FORBIDDEN")
        }
        try await bob.post("rooms", room, "leave").fails(403, "M_FORBIDDEN")
        try await bob.post("rooms", room, "unban", body: ["user_id": "\(carol.userID)"]).fails(403, "M_FORBIDDEN")
        try await alice.post("rooms", room, "unban", body: ["user_id": "\(bob.userID)"]).ok()
        #expect(try await alice.membership(of: bob, in: room) == "leave")
        try await alice.post("rooms", room, "unban", body: ["user_id": "\(bob.userID)"]).fails(403, "M_FORBIDDEN", "M_BAD_STATE")
        try await bob.join(room)
        try await alice.post("rooms", room, "unban", body: ["user_id": "\(bob.userID)"]).fails(403, "M_FORBIDDEN", "M_BAD_STATE")
    }

    @Test func moderatorsCannotTouchTheirEqualsNorVersion12sCreators() async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let room = try await alice.createRoom(with: bob, carol)
        var levels = try #require(try await alice.state("m.room.power_levels", in: room)?.objectValue)
        levels["users"] = .object([bob.userID: 100, carol.userID: 100])
        try await alice.setState("m.room.power_levels", in: room, to: .object(levels))
        for user in [alice, carol] {
            try await bob.post("rooms", room, "kick", body: ["user_id": "\(user.userID)"]).fails(403, "M_FORBIDDEN")
            try await bob.post("rooms", room, "ban", body: ["user_id": "\(user.userID)"]).fails(403, "M_FORBIDDEN")
        }
        try await alice.post("rooms", room, "kick", body: ["user_id": "\(carol.userID)"]).ok()
    }

    @Test func membershipByTheStateEndpoint() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        try await alice.setState("m.room.member", bob.userID, in: room, to: ["membership": "invite"])
        try await bob.setState("m.room.member", bob.userID, in: room, to: ["membership": "join", "displayname": "Bobby"])
        #expect(try await alice.state("m.room.member", bob.userID, in: room)?["displayname"] == "Bobby")
        try await bob.put("rooms", room, "state", "m.room.member", alice.userID, body: ["membership": "leave"]).fails(403, "M_FORBIDDEN")
        try await bob.put("rooms", room, "state", "m.room.member", bob.userID, body: ["membership": "unknown"])
            .fails(400, "M_BAD_JSON", "M_INVALID_PARAM", "M_UNKNOWN")
        try await bob.put("rooms", room, "state", "m.room.member", bob.userID, body: [:])
            .fails(400, "M_BAD_JSON", "M_MISSING_PARAM", "M_INVALID_PARAM", "M_UNKNOWN")
        try await alice.setState("m.room.member", bob.userID, in: room, to: ["membership": "ban"])
        #expect(try await alice.membership(of: bob, in: room) == "ban")
    }

    @Test func forgetting() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        try await bob.post("rooms", room, "forget").fails(400, "M_UNKNOWN")
        try await bob.leave(room)
        #expect(try await !bob.messages(in: room).chunk.isEmpty)
        try await bob.post("rooms", room, "forget").ok()
        try await bob.get("rooms", room, "messages", query: [("dir", "b")]).fails(403, "M_FORBIDDEN")
        // The room is not gone for others, nor for good.
        try await alice.send("still here", to: room)
        try await bob.join(room)
        #expect(try await bob.messages(in: room).chunk.messageBodies == ["still here"])
    }

    @Test func invitesCanBeForgottenWhenTheyAreRejected() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        try await alice.invite(bob, to: room)
        try await bob.leave(room)
        try await bob.post("rooms", room, "forget").ok()
    }

    @Test(arguments: ["join", "invite", "kick", "ban", "unban", "forget"])
    func unknownRooms(_ action: String) async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        for room in ["!unknown:localhost", "!" + String(repeating: "A", count: 43)] {
            let response = try await alice.post("rooms", room, action, body: ["user_id": "\(bob.userID)"])
            #expect(
                [403, 404].contains(response.status) && ["M_FORBIDDEN", "M_NOT_FOUND"].contains(response.body["errcode"]?.stringValue),
                "\(action): \(response.status) \(response.body)")
        }
        try await alice.post("rooms", "no-room-id", action, body: ["user_id": "\(bob.userID)"]).fails(400, "M_INVALID_PARAM")
    }

    @Test func joiningWhatDoesNotExist() async throws {
        let alice = try await newUser("alice")
        try await alice.post("join", "!unknown:localhost").fails(404, "M_NOT_FOUND")
        try await alice.post("join", "#unknown:localhost").fails(404, "M_NOT_FOUND")
        try await alice.post("join", "neither").fails(400, "M_INVALID_PARAM")
        try await alice.post("rooms", "#unknown:localhost", "join").fails(400, "M_INVALID_PARAM")
    }

    @Test(arguments: versions)
    func restrictedRoomsLetMembersOfOtherRoomsIn(_ version: String) async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let club = try await alice.createRoom(with: bob, version: version)
        let room = try await alice.createRoom([
            "room_version": "\(version)",
            "initial_state": [
                [
                    "type": "m.room.join_rules",
                    "content": ["join_rule": "restricted", "allow": [["type": "m.room_membership", "room_id": "\(club)"]]],
                ]
            ],
        ])
        try await carol.post("rooms", room, "join").fails(403, "M_FORBIDDEN")
        try await bob.join(room)
        let content = try #require(try await alice.state("m.room.member", bob.userID, in: room))
        #expect(content["join_authorised_via_users_server"]?.stringValue == alice.userID)
        // An invite is good too.
        try await alice.invite(carol, to: room)
        try await carol.join(room)
        // Who has left the other room comes in no more.
        try await bob.leave(room)
        try await bob.leave(club)
        try await bob.post("rooms", room, "join").fails(403, "M_FORBIDDEN")
    }

    @Test func onesOwnNameInOneRoom() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        try await bob.setState("m.room.member", bob.userID, in: room, to: ["membership": "join", "displayname": "Only here"])
        let joined = try await alice.get("rooms", room, "joined_members").ok()
        #expect(joined["joined", bob.userID, "display_name"] == "Only here")
        #expect(try await anybody().get("profile", bob.userID).ok()["displayname"] != "Only here")
    }
}
