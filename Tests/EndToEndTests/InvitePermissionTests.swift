import CanonicalJSON
import Testing

/// "Invite permission" and "Ignoring Users".
@Suite(.fewAtATime) struct InvitePermissionTests {
    @Test func theServerSaysThatItKnowsThem() async throws {
        let features = try await anybody().request("GET", "/_matrix/client/versions").ok()["unstable_features"]
        #expect(features?["org.matrix.msc4155"] == true)
        #expect(features?["org.matrix.msc4380.stable"] == true)
    }

    @Test func whoBlocksInvitesIsNotInvited() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        let permission = ["user", bob.userID, "account_data", "m.invite_permission_config"]
        try await bob.put(permission[0], permission[1], permission[2], permission[3], body: ["default_action": "block"]).ok()
        try await alice.post("rooms", room, "invite", body: ["user_id": "\(bob.userID)"]).fails(403, "M_INVITE_BLOCKED")
        try await alice.post("createRoom", body: ["invite": ["\(bob.userID)"]]).fails(403, "M_INVITE_BLOCKED")
        try await alice.put("rooms", room, "state", "m.room.member", bob.userID, body: ["membership": "invite"])
            .fails(403, "M_INVITE_BLOCKED")
        try await bob.put(permission[0], permission[1], permission[2], permission[3], body: [:]).ok()
        try await alice.invite(bob, to: room)
    }

    @Test func messagesOfIgnoredUsersAreNotShown() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        try await bob.put(
            "user", bob.userID, "account_data", "m.ignored_user_list", body: ["ignored_users": ["\(alice.userID)": [:]]]
        ).ok()
        try await alice.send("unheard", to: room)
        try await bob.send("heard", to: room)
        #expect(try await bob.messages(in: room).chunk.messageBodies == ["heard"])
        #expect(try await alice.messages(in: room).chunk.messageBodies == ["heard", "unheard"])
    }
}
