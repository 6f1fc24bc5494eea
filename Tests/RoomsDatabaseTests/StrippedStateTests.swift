import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// What somebody who is invited, or knocks, sees of the room ("Stripped state").
@Suite struct StrippedStateTests {
    @Test func anInviteShowsTheRoom() async throws {
        try await TestRooms.session { rooms in
            let bob = TestRooms.bob
            let room = try await rooms.makeRoom(
                .v11,
                [
                    (.joinRules, ["join_rule": "invite"]), (.name, ["name": "Pub"]), (.topic, ["topic": "Beer"]),
                    (StateKey("org.example"), ["secret": true]),
                ])
            try await rooms.set(.name, ["name": "The Pub"], in: room)
            try await rooms.setMembership(.invite, of: bob, in: room, by: TestRooms.alice)
            let invite = try #require(try rooms.view.invitedRooms(of: bob).first?.invite)
            let events = try #require(try JSONValue(parsing: invite.state).arrayValue?.compactMap(\.objectValue))

            #expect(
                Set(events.map { $0["type"] }) == [
                    "m.room.create", "m.room.join_rules", "m.room.name", "m.room.topic", "m.room.member",
                ])
            #expect(events.count == 6)
            for event in events {
                let hasTimestamp = event["type"] == "m.room.create" || event["state_key"]?.stringValue == bob.string
                #expect(Set(event.keys) == Set(["content", "sender", "state_key", "type"] + (hasTimestamp ? ["origin_server_ts"] : [])))
            }
            #expect(events.first { $0["type"] == "m.room.name" }?["content"] == ["name": "The Pub"])
            // The user's own membership is the last, before it that of who invites.
            let members = events.suffix(2)
            #expect(members.map { $0["state_key"]?.stringValue } == [TestRooms.alice.string, bob.string])
            #expect(members.map { $0["content"]?.objectValue?["membership"] } == ["join", "invite"])

            // What changes later doesn't change the invite.
            try await rooms.set(.name, ["name": "The Bar"], in: room)
            #expect(try rooms.view.invitedRooms(of: bob).first?.invite == invite)
        }
    }

    @Test func aKnockShowsTheRoom() async throws {
        try await TestRooms.session { rooms in
            let bob = TestRooms.bob
            let room = try await rooms.makeRoom(.v11, [(.joinRules, ["join_rule": "knock"])])
            try await rooms.setMembership(.knock, of: bob, in: room, by: bob)
            let knock = try #require(try rooms.view.knockedRooms(of: bob).first?.knock)
            let types = try #require(try JSONValue(parsing: knock.state).arrayValue).map { $0.objectValue?["type"] }
            #expect(types.count == 3 && Set(types) == ["m.room.create", "m.room.join_rules", "m.room.member"])
        }
    }
}
