import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// "Getting events for a room": single events, state, members; and what state may be set.
@Suite struct RoomsStateTests {
    @Test(arguments: RoomVersion.supported)
    func stateIsSetAndRead(_ version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(version: version)
        let first = try await fixture.set("org.example", "key", ["a": 1], in: room, by: fixture.alice)
        #expect(try await fixture.set("org.example", "key", ["a": 1], in: room, by: fixture.alice) == first)
        let second = try await fixture.set("org.example", "key", ["a": 2], in: room, by: fixture.alice)
        #expect(second != first)
        #expect(try fixture.content("org.example", "key", of: room, for: fixture.alice) == ["a": 2])
        #expect(try fixture.content("org.example", of: room, for: fixture.alice) == nil)

        let event = try fixture.rooms.state(StateKey("org.example", "key"), of: room, as: .event, for: fixture.alice).json()
        #expect(event["event_id"]?.stringValue == second.string)
        #expect(event["room_id"]?.stringValue == room.string)
        #expect(event["state_key"] == "key")
        #expect(event["unsigned", "replaces_state"]?.stringValue == first.string)
        let atItsPlace = try fixture.event(second, in: room, for: fixture.alice)
        #expect(atItsPlace["unsigned", "prev_content"] == ["a": 1])
        #expect(atItsPlace["unsigned", "prev_sender"]?.stringValue == fixture.alice.userID.string)

        let state = try #require(try fixture.rooms.state(of: room, for: fixture.alice).json().arrayValue)
        let keys = state.map { [$0["type"]?.stringValue, $0["state_key"]?.stringValue] }
        #expect(Set(keys).count == keys.count && keys.contains(["org.example", "key"]) && keys.contains(["m.room.create", ""]))
    }

    @Test func singleEventsAreNotFoundByThoseWhoMayNotSeeThem() async throws {
        let fixture = try await RoomsFixture()
        let (room, other) = (try await fixture.room(), try await fixture.room())
        let event = try await fixture.say("hello", in: room, by: fixture.alice)
        #expect(try fixture.event(event, in: room, for: fixture.alice)["content", "body"] == "hello")
        for (id, room, user) in [
            (event, room, fixture.bob), (event, other, fixture.alice), (EventID(trusted: "$unknown"), room, fixture.alice),
            (event, RoomID(trusted: "!unknown:example.org"), fixture.alice),
        ] {
            await expect(.notFound, 404) { try fixture.event(id, in: room, for: user) }
        }
    }

    // MARK: - Members

    private func members(
        _ fixture: RoomsFixture, _ room: RoomID, at position: Position? = nil, _ membership: Membership? = nil, not: Membership? = nil,
        for user: Requester? = nil
    ) throws -> Set<String> {
        let answer = try fixture.rooms.members(
            of: room, at: position, membership: membership, notMembership: not, for: user ?? fixture.alice)
        return Set(try answer.json()["chunk"]?.arrayValue?.compactMap { $0["state_key"]?.stringValue.map { String($0.prefix(4)) } } ?? [])
    }

    @Test func membersByMembership() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        try await fixture.rooms.invite(fixture.carol.userID, to: room, reason: nil, by: fixture.alice)
        try await fixture.rooms.ban(UserID(trusted: "@dave:example.org"), from: room, reason: nil, by: fixture.alice)
        try await fixture.rooms.leave(room, reason: nil, by: fixture.bob)
        #expect(try members(fixture, room) == ["@ali", "@bob", "@car", "@dav"])
        #expect(try members(fixture, room, .join) == ["@ali"])
        #expect(try members(fixture, room, .leave) == ["@bob"])
        #expect(try members(fixture, room, not: .leave) == ["@ali", "@car", "@dav"])
        // Both together are an "or".
        #expect(try members(fixture, room, .join, not: .ban) == ["@ali", "@bob", "@car"])
        #expect(try members(fixture, room, .ban, not: .join) == ["@bob", "@car", "@dav"])
    }

    @Test func membersAtAnEarlierMoment() async throws {
        let fixture = try await RoomsFixture()
        let before = fixture.database.snapshot().position
        let room = try await fixture.room { $0.initialState = [(.historyVisibility, ["history_visibility": "joined"])] }
        try await fixture.say("alone", in: room, by: fixture.alice)
        let alone = fixture.database.snapshot().position
        try await fixture.rooms.join(room, content: [:], by: fixture.bob)
        let together = fixture.database.snapshot().position
        #expect(try members(fixture, room, at: alone) == ["@ali"])
        #expect(try members(fixture, room, at: together) == ["@ali", "@bob"])
        // Before the room's start there is the creator.
        #expect(try members(fixture, room, at: before) == ["@ali"])
        #expect(try members(fixture, room, at: together, for: fixture.bob) == ["@ali", "@bob"])
        // Who was in the room before the history can be seen is hidden too.
        await expect(.forbidden, 403) { try members(fixture, room, at: alone, for: fixture.bob) }
        await expect(.forbidden, 403) { try members(fixture, room, at: together, for: fixture.carol) }
    }

    @Test func joinedMembersHaveBothKeysOfAProfile() async throws {
        let fixture = try await RoomsFixture()
        try await fixture.profiles.set("displayname", to: "Bob", of: fixture.bob.userID, by: fixture.bob)
        let room = try await fixture.room(with: fixture.bob)
        try await fixture.rooms.invite(fixture.carol.userID, to: room, reason: nil, by: fixture.alice)
        let (dave, erin) = (UserID(trusted: "@dave:example.org"), UserID(trusted: "@erin:example.org"))
        for user in [dave, erin] { try await fixture.rooms.join(room, content: [:], by: Requester(userID: user, deviceID: "PHONE")) }
        try await fixture.rooms.kick(dave, from: room, reason: nil, by: fixture.alice)
        // What is no text is none, and what is one stays as it is.
        try await fixture.rooms.join(
            room, content: ["displayname": 1, "avatar_url": "\"\\\n🫖"], by: Requester(userID: erin, deviceID: "PHONE"))
        #expect(
            try fixture.rooms.joinedMembers(of: room, for: fixture.alice).json() == [
                "joined": [
                    "@alice:example.org": ["display_name": .null, "avatar_url": .null],
                    "@bob:example.org": ["display_name": "Bob", "avatar_url": .null],
                    "@erin:example.org": ["display_name": .null, "avatar_url": "\"\\\n🫖"],
                ]
            ])
    }

    // MARK: - What may be set

    @Test func onlyMembersSetState() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        for room in [room, RoomID(trusted: "!unknown:example.org")] {
            await expect(.forbidden, 403) { try await fixture.set("m.room.topic", ["topic": "mine"], in: room, by: fixture.bob) }
        }
        // They are told so before anything about the content.
        await expect(.forbidden, 403) {
            try await fixture.set("m.room.canonical_alias", ["alias": "#other:example.org"], in: room, by: fixture.bob)
        }
    }

    @Test func levelsDecide() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob) { $0.powerLevelOverride = ["events": ["org.example.open": 0]] }
        await expect(.forbidden, 403) { try await fixture.set("m.room.topic", ["topic": "no"], in: room, by: fixture.bob) }
        try await fixture.set("org.example.open", "@bob:example.org", [:], in: room, by: fixture.bob)
        await expect(.forbidden, 403) {
            try await fixture.set("org.example.open", "@alice:example.org", [:], in: room, by: fixture.bob)
        }
        try await fixture.set("m.room.power_levels", ["users": ["@bob:example.org": 50]], in: room, by: fixture.alice)
        await expect(.forbidden, 403) {
            try await fixture.set("m.room.power_levels", ["users": ["@bob:example.org": 100]], in: room, by: fixture.bob)
        }
    }

    @Test func thereIsOneCreateEventAndNoRedactionInTheState() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob) { $0.powerLevelOverride = ["events": ["m.room.redaction": 0]] }
        await expect(.forbidden, 403) { try await fixture.set("m.room.create", ["room_version": "12"], in: room, by: fixture.alice) }
        let message = try await fixture.say("hello", in: room, by: fixture.alice)
        await expect(.badJSON, 400) {
            try await fixture.set("m.room.redaction", ["redacts": .string(message.string)], in: room, by: fixture.bob)
        }
        #expect(try fixture.messages(of: room, for: fixture.bob) == ["hello"])
    }

    @Test(
        arguments: [
            ("@bob:example.org", [:]), ("@bob:example.org", ["membership": "unknown"]), ("@bob:example.org", ["membership": 1]),
            ("bob", ["membership": "invite"]), ("", ["membership": "join"]),
        ] as [(String, JSONObject)])
    func malformedMemberEvents(_ key: String, _ content: JSONObject) async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        await expect(.badJSON, 400) { try await fixture.set("m.room.member", key, content, in: room, by: fixture.alice) }
    }

    @Test func membershipByTheStateEndpoint() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(.privateChat)
        try await fixture.set("m.room.member", "@bob:example.org", ["membership": "invite"], in: room, by: fixture.alice)
        try await fixture.set(
            "m.room.member", "@bob:example.org", ["membership": "join", "displayname": "Bobby"], in: room, by: fixture.bob)
        #expect(
            try fixture.content("m.room.member", "@bob:example.org", of: room, for: fixture.alice)
                == ["membership": "join", "displayname": "Bobby"])
        await expect(.forbidden, 403) {
            try await fixture.set("m.room.member", "@alice:example.org", ["membership": "leave"], in: room, by: fixture.bob)
        }
        try await fixture.set("m.room.member", "@bob:example.org", ["membership": "ban"], in: room, by: fixture.alice)
        #expect(try fixture.membership(of: fixture.bob, in: room) == "ban")
    }

    @Test func canonicalAliasesLeadToTheRoom() async throws {
        let fixture = try await RoomsFixture()
        let (room, other) = (try await fixture.room(), try await fixture.room())
        let (own, others) = (RoomAlias(trusted: "#own:example.org"), RoomAlias(trusted: "#other:example.org"))
        try await fixture.directory.setAlias(own, to: room, by: fixture.alice)
        try await fixture.directory.setAlias(others, to: other, by: fixture.alice)
        func set(_ content: JSONObject) async throws -> EventID {
            try await fixture.set("m.room.canonical_alias", content, in: room, by: fixture.alice)
        }
        _ = try await set(["alias": "#own:example.org", "alt_aliases": ["#own:example.org"]])
        for wrong in ["#other:example.org", "#unknown:example.org", "#own:elsewhere.example"] as [JSONValue] {
            await expect(.badAlias, 400) { try await set(["alias": wrong]) }
            await expect(.badAlias, 400) { try await set(["alt_aliases": ["#own:example.org", wrong]]) }
        }
        for (invalid, code) in [
            (["alias": "own"], .invalidParameter), (["alt_aliases": ["#own"]], .invalidParameter), (["alias": 1], .badJSON),
            (["alt_aliases": "#own:example.org"], .badJSON), (["alt_aliases": [1]], .badJSON),
        ] as [(JSONObject, MatrixError.Code)] {
            await expect(code, 400) { try await set(invalid) }
        }
        // What stands isn't looked up again; and there need be none.
        try await fixture.directory.setAlias(RoomAlias(trusted: "#third:example.org"), to: room, by: fixture.alice)
        _ = try await set(["alias": "", "alt_aliases": ["#own:example.org"]])
        _ = try await set(["alias": .null])
        _ = try await set([:])
    }

    @Test func sizesOfKeysAndTypes() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let (longest, tooLong) = (String(repeating: "a", count: 255), String(repeating: "a", count: 256))
        try await fixture.set(longest, longest, [:], in: room, by: fixture.alice)
        await expect(.tooLarge, 413) { try await fixture.set(tooLong, [:], in: room, by: fixture.alice) }
        await expect(.tooLarge, 413) { try await fixture.set("org.example", tooLong, [:], in: room, by: fixture.alice) }
    }
}
