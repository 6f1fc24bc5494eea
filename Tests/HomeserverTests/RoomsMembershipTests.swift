import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// "Room membership": who comes in, who goes, who is kept out, and what they read afterwards.
@Suite struct RoomsMembershipTests {
    private static let unknownRoom = RoomID(trusted: "!unknown:example.org")

    @Test(arguments: RoomVersion.supported)
    func joiningAndLeavingAPublicRoom(_ version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(version: version)
        try await fixture.profiles.set("displayname", to: "Bob", of: fixture.bob.userID, by: fixture.bob)
        try await fixture.rooms.join(room, content: ["reason": "curious", "org.example": [1]], by: fixture.bob)
        let content = try fixture.content("m.room.member", fixture.bob.userID.string, of: room, for: fixture.alice)
        #expect(content == ["membership": "join", "displayname": "Bob", "reason": "curious", "org.example": [1]])
        #expect(try fixture.rooms.joinedRooms(of: fixture.bob) == [room])

        try await fixture.rooms.leave(room, reason: "late", by: fixture.bob)
        #expect(
            try fixture.content("m.room.member", fixture.bob.userID.string, of: room, for: fixture.alice)
                == ["membership": "leave", "reason": "late"])
        #expect(try fixture.rooms.joinedRooms(of: fixture.bob).isEmpty)
        await expect(.forbidden, 403) { try await fixture.say("gone", in: room, by: fixture.bob) }
    }

    @Test func knockingIsForRoomsThatAllowIt() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room { $0.initialState = [(.joinRules, ["join_rule": "knock"])] }
        await expect(.forbidden, 403) { try await fixture.rooms.join(room, content: [:], by: fixture.bob) }
        try await fixture.rooms.knock(on: room, reason: "please", by: fixture.bob)
        #expect(
            try fixture.content("m.room.member", fixture.bob.userID.string, of: room, for: fixture.alice)
                == ["membership": "knock", "reason": "please"])
        await expect(.forbidden, 403) { try await fixture.say("inside?", in: room, by: fixture.bob) }
        try await fixture.rooms.invite(fixture.bob.userID, to: room, reason: nil, by: fixture.alice)
        try await fixture.rooms.join(room, content: [:], by: fixture.bob)
        await expect(.forbidden, 403) { try await fixture.rooms.knock(on: room, reason: nil, by: fixture.bob) }

        let open = try await fixture.room()
        await expect(.forbidden, 403) { try await fixture.rooms.knock(on: open, reason: nil, by: fixture.bob) }
        await expect(.notFound, 404) { try await fixture.rooms.knock(on: Self.unknownRoom, reason: nil, by: fixture.bob) }
    }

    @Test func joiningAgainChangesNothing() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        let event = try #require(try fixture.database.view().currentEvent(.member(fixture.bob.userID), in: shortID(room, fixture)))
        try await fixture.rooms.join(room, content: [:], by: fixture.bob)
        #expect(try fixture.database.view().currentEvent(.member(fixture.bob.userID), in: shortID(room, fixture))?.id == event.id)
    }

    private func shortID(_ room: RoomID, _ fixture: RoomsFixture) throws -> ShortRoomID {
        try #require(try fixture.database.room(room)).shortID
    }

    @Test(arguments: RoomVersion.supported)
    func privateRoomsWantAnInvite(_ version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(.privateChat, version: version)
        await expect(.forbidden, 403) { try await fixture.rooms.join(room, content: [:], by: fixture.bob) }
        try await fixture.rooms.invite(fixture.bob.userID, to: room, reason: "welcome", by: fixture.alice)
        try await fixture.rooms.invite(fixture.bob.userID, to: room, reason: "welcome", by: fixture.alice)
        #expect(try fixture.membership(of: fixture.bob, in: room) == "invite")
        // Who is invited doesn't yet act in the room.
        await expect(.forbidden, 403) {
            try await fixture.rooms.invite(fixture.carol.userID, to: room, reason: nil, by: fixture.bob)
        }
        try await fixture.rooms.join(room, content: [:], by: fixture.bob)
        #expect(try fixture.membership(of: fixture.bob, in: room) == "join")
        await expect(.forbidden, 403) { try await fixture.rooms.invite(fixture.bob.userID, to: room, reason: nil, by: fixture.alice) }
    }

    @Test func kickingBanningAndUnbanning() async throws {
        let fixture = try await RoomsFixture()
        let (alice, bob, carol) = (fixture.alice, fixture.bob, fixture.carol)
        let room = try await fixture.room(with: bob)
        await expect(.forbidden, 403) { try await fixture.rooms.kick(bob.userID, from: room, reason: nil, by: carol) }
        await expect(.forbidden, 403) { try await fixture.rooms.kick(alice.userID, from: room, reason: nil, by: bob) }
        await expect(.forbidden, 403) { try await fixture.rooms.kick(carol.userID, from: room, reason: nil, by: alice) }
        try await fixture.rooms.kick(bob.userID, from: room, reason: "rude", by: alice)
        #expect(
            try fixture.content("m.room.member", bob.userID.string, of: room, for: alice) == ["membership": "leave", "reason": "rude"])
        try await fixture.rooms.join(room, content: [:], by: bob)

        await expect(.badState, 403) { try await fixture.rooms.unban(bob.userID, from: room, reason: nil, by: alice) }
        for user in [bob, carol] {
            try await fixture.rooms.ban(user.userID, from: room, reason: nil, by: alice)
            #expect(try fixture.membership(of: user, in: room) == "ban")
            await expect(.forbidden, 403) { try await fixture.rooms.join(room, content: [:], by: user) }
            await expect(.forbidden, 403) { try await fixture.rooms.leave(room, reason: nil, by: user) }
            await expect(.forbidden, 403) { try await fixture.rooms.invite(user.userID, to: room, reason: nil, by: alice) }
        }
        try await fixture.rooms.unban(bob.userID, from: room, reason: nil, by: alice)
        #expect(try fixture.membership(of: bob, in: room) == "leave")
        try await fixture.rooms.join(room, content: [:], by: bob)
    }

    @Test func roomsThatAreNotHere() async throws {
        let fixture = try await RoomsFixture()
        let (rooms, alice, bob, room) = (fixture.rooms, fixture.alice, fixture.bob.userID, Self.unknownRoom)
        await expect(.notFound, 404) { try await rooms.join(room, content: [:], by: alice) }
        await expect(.notFound, 404) { try await rooms.leave(room, reason: nil, by: alice) }
        await expect(.notFound, 404) { try await rooms.forget(room, by: alice) }
        await expect(.forbidden, 403) { try await rooms.invite(bob, to: room, reason: nil, by: alice) }
        await expect(.forbidden, 403) { try await rooms.kick(bob, from: room, reason: nil, by: alice) }
        await expect(.forbidden, 403) { try await rooms.ban(bob, from: room, reason: nil, by: alice) }
    }

    @Test func usersOfOtherServersAreNotInvited() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let dave = UserID(trusted: "@dave:elsewhere.example")
        await expect(.forbidden, 403) { try await fixture.rooms.invite(dave, to: room, reason: nil, by: fixture.alice) }
        await expect(.forbidden, 403) {
            try await fixture.set("m.room.member", dave.string, ["membership": "invite"], in: room, by: fixture.alice)
        }
        // They can be kept out beforehand.
        try await fixture.rooms.ban(dave, from: room, reason: nil, by: fixture.alice)
    }

    // MARK: - Restricted rooms

    /// A room for the members of another one, of both of which Alice is.
    private func restrictedRoom(_ fixture: RoomsFixture, _ version: RoomVersion) async throws -> (club: RoomID, room: RoomID) {
        let club = try await fixture.room(version: version)
        let room = try await fixture.room(.privateChat, version: version) { $0.initialState = [(.joinRules, rules(club))] }
        return (club, room)
    }

    private func rules(_ club: RoomID) -> JSONObject {
        ["join_rule": "restricted", "allow": [["type": "m.room_membership", "room_id": .string(club.string)]]]
    }

    @Test(arguments: RoomVersion.supported.filter(\.restrictedJoins))
    func membersOfTheAllowedRoomMayJoin(_ version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        let (club, room) = try await restrictedRoom(fixture, version)
        await expect(.forbidden, 403) { try await fixture.rooms.join(room, content: [:], by: fixture.bob) }
        try await fixture.rooms.join(club, content: [:], by: fixture.bob)
        try await fixture.rooms.join(room, content: [:], by: fixture.bob)
        let content = try fixture.content("m.room.member", fixture.bob.userID.string, of: room, for: fixture.alice)
        #expect(content == ["membership": "join", "join_authorised_via_users_server": "@alice:example.org"])
        // A new name needs nobody's word, and keeps nobody's.
        try await fixture.profiles.set("displayname", to: "Bob", of: fixture.bob.userID, by: fixture.bob)
        #expect(
            try fixture.content("m.room.member", fixture.bob.userID.string, of: room, for: fixture.alice)
                == ["membership": "join", "displayname": "Bob"])
        // An invite does as well.
        try await fixture.rooms.invite(fixture.carol.userID, to: room, reason: nil, by: fixture.alice)
        try await fixture.rooms.join(room, content: [:], by: fixture.carol)
        #expect(try fixture.content("m.room.member", fixture.carol.userID.string, of: room, for: fixture.alice) == ["membership": "join"])
    }

    /// Who has power of their own is asked first, then any member, where any may invite.
    @Test func whoLetsOthersIn() async throws {
        let fixture = try await RoomsFixture()
        let (rooms, alice, bob) = (fixture.rooms, fixture.alice, fixture.bob)
        let abe = Requester(userID: UserID(trusted: "@abe:example.org"), deviceID: "ABE")
        let (club, room) = try await restrictedRoom(fixture, .v12)
        func join(_ name: String) async throws -> String? {
            let user = Requester(userID: UserID(trusted: "@\(name):example.org"), deviceID: "PHONE")
            try await rooms.join(club, content: [:], by: user)
            try await rooms.join(room, content: [:], by: user)
            let content = try rooms.state(.member(user.userID), of: room, as: .content, for: user).json()
            return content["join_authorised_via_users_server"]?.stringValue
        }
        try await rooms.join(club, content: [:], by: bob)
        for user in [abe, bob] {
            try await rooms.invite(user.userID, to: room, reason: nil, by: alice)
            try await rooms.join(room, content: [:], by: user)
        }
        try await fixture.set(
            "m.room.power_levels", ["users": ["@bob:example.org": 50], "invite": 50, "state_default": 50], in: room, by: alice)
        #expect(try await join("dave") == "@alice:example.org")
        try await rooms.leave(room, reason: nil, by: alice)
        #expect(try await join("erin") == "@bob:example.org")
        // Where everybody may invite, those are still the first.
        try await fixture.set("m.room.power_levels", ["users": ["@bob:example.org": 50], "invite": 0], in: room, by: bob)
        #expect(try await join("frank") == "@bob:example.org")
        try await rooms.leave(room, reason: nil, by: bob)
        #expect(try await join("grace") == "@abe:example.org")
        try await rooms.join(room, content: [:], by: bob)
        try await fixture.set("m.room.power_levels", ["users": ["@bob:example.org": 50], "invite": 50], in: room, by: bob)
        try await rooms.leave(room, reason: nil, by: bob)
        await expect(.forbidden, 403) { try await join("heidi") }
    }

    @Test func longNamesInMemberEvents() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let (key, long) = (StateKey.member(fixture.bob.userID), String(repeating: "x", count: 1001))
        for (field, count) in [("displayname", 256), ("avatar_url", 1000)] {
            func content(_ count: Int) -> JSONObject { ["membership": "join", field: .string(String(long.prefix(count)))] }
            await expect(.badJSON, 400) { try await fixture.rooms.join(room, content: content(count + 1), by: fixture.bob) }
            await expect(.badJSON, 400) { try await fixture.rooms.setState(key, content(count + 1), in: room, by: fixture.bob) }
            try await fixture.rooms.join(room, content: content(count), by: fixture.bob)
            await expect(.badJSON, 400) { try await fixture.rooms.setState(key, content(count + 1), in: room, by: fixture.bob) }
            _ = try await fixture.rooms.setState(key, content(count), in: room, by: fixture.bob)
            await expect(.badJSON, 400) {
                try await fixture.room { $0.initialState = [(key, ["membership": "invite", field: content(count + 1)[field] ?? .null])] }
            }
        }
    }

    @Test func nobodyVouchesForThemselves() async throws {
        let fixture = try await RoomsFixture()
        let (_, room) = try await restrictedRoom(fixture, .v11)
        let forged: JSONObject = ["membership": "join", "join_authorised_via_users_server": "@alice:example.org"]
        await expect(.forbidden, 403) { try await fixture.rooms.join(room, content: forged, by: fixture.bob) }
        await expect(.forbidden, 403) {
            try await fixture.set("m.room.member", fixture.bob.userID.string, forged, in: room, by: fixture.bob)
        }
        let open = try await fixture.room(with: fixture.bob)
        try await fixture.set("m.room.member", fixture.bob.userID.string, forged, in: open, by: fixture.bob)
        #expect(try fixture.content("m.room.member", fixture.bob.userID.string, of: open, for: fixture.alice) == ["membership": "join"])
    }

    // MARK: - Afterwards

    @Test func whoHasLeftReadsUpToTheLeave() async throws {
        let fixture = try await RoomsFixture()
        let (rooms, alice, bob) = (fixture.rooms, fixture.alice, fixture.bob)
        let room = try await fixture.room(with: bob)
        try await fixture.say("with", in: room, by: alice)
        try await fixture.set("m.room.topic", ["topic": "with"], in: room, by: alice)
        try await rooms.leave(room, reason: nil, by: bob)
        let later = try await fixture.say("later", in: room, by: alice)
        try await fixture.set("m.room.topic", ["topic": "later"], in: room, by: alice)
        try await rooms.join(room, content: [:], by: fixture.carol)

        func check() async throws {
            #expect(try fixture.messages(of: room, for: bob) == ["with"])
            #expect(try fixture.content("m.room.topic", of: room, for: bob) == ["topic": "with"])
            await expect(.notFound, 404) { try fixture.event(later, in: room, for: bob) }
            await expect(.forbidden, 403) { try rooms.joinedMembers(of: room, for: bob) }
            // Nor does an earlier moment reach further than the leave.
            let now = fixture.database.snapshot().position
            let members = try rooms.members(of: room, at: now, membership: .join, notMembership: nil, for: bob).json()
            #expect(members["chunk"]?.arrayValue?.compactMap { $0["state_key"]?.stringValue } == ["@alice:example.org"])
        }
        try await check()
        // A ban shows nothing of what has happened in between, nor does an invite that was turned down.
        try await rooms.ban(bob.userID, from: room, reason: nil, by: alice)
        try await check()
        try await rooms.unban(bob.userID, from: room, reason: nil, by: alice)
        try await rooms.invite(bob.userID, to: room, reason: nil, by: alice)
        await expect(.forbidden, 403) { try fixture.messages(of: room, for: bob) }
        try await rooms.leave(room, reason: nil, by: bob)
        try await check()
    }

    @Test func forgetting() async throws {
        let fixture = try await RoomsFixture()
        let (rooms, alice, bob) = (fixture.rooms, fixture.alice, fixture.bob)
        let room = try await fixture.room(with: bob)
        await expect(.unknown, 400) { try await rooms.forget(room, by: bob) }
        await expect(.unknown, 400) { try await rooms.forget(room, by: fixture.carol) }
        try await rooms.leave(room, reason: nil, by: bob)
        try await rooms.forget(room, by: bob)
        try await rooms.forget(room, by: bob)
        func expectNothing() async {
            await expect(.forbidden, 403) { try fixture.messages(of: room, for: bob) }
            await expect(.forbidden, 403) { try rooms.state(of: room, for: bob) }
        }
        await expectNothing()
        try await rooms.ban(bob.userID, from: room, reason: nil, by: alice)
        await expectNothing()
        try await rooms.unban(bob.userID, from: room, reason: nil, by: alice)
        try await rooms.invite(bob.userID, to: room, reason: nil, by: alice)
        try await rooms.leave(room, reason: nil, by: bob)
        await expectNothing()
        // The room can be joined again; then it shows its history.
        try await fixture.say("still here", in: room, by: alice)
        try await rooms.join(room, content: [:], by: bob)
        #expect(try fixture.messages(of: room, for: bob) == ["still here"])
    }

    @Test func strangersReadWorldReadableRoomsOnly() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        await expect(.forbidden, 403) { try fixture.messages(of: room, for: fixture.bob) }
        await expect(.forbidden, 403) { try fixture.rooms.state(of: room, for: fixture.bob) }
        try await fixture.set("m.room.history_visibility", ["history_visibility": "world_readable"], in: room, by: fixture.alice)
        let id = try await fixture.say("for all", in: room, by: fixture.alice)
        #expect(try fixture.messages(of: room, for: fixture.bob) == ["for all"])
        #expect(try fixture.event(id, in: room, for: fixture.bob)["content", "body"] == "for all")
        #expect(try fixture.content("m.room.create", of: room, for: fixture.bob) != nil)
        await expect(.forbidden, 403) { try fixture.rooms.joinedMembers(of: room, for: fixture.bob) }
    }
}
