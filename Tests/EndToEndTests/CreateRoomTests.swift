import CanonicalJSON
import Testing

/// "Creation" of rooms: `/createRoom`.
@Suite(.fewAtATime) struct CreateRoomTests {
    static let versions = ["10", "11", "12"]

    /// A room's events from the first on.
    private func events(_ client: MatrixTestClient, _ room: String) async throws -> [JSONValue] {
        try await client.messages(in: room, dir: "f").chunk
    }

    @Test func theDefaultVersionIs12AndTheRoomIDIsTheCreateEvents() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let create = try #require(try await alice.fullState(of: room).event("m.room.create"))
        #expect(create["content", "room_version"] == "12")
        #expect(create["event_id"]?.stringValue == "$" + room.dropFirst())
        #expect(create["room_id"]?.stringValue == room)
        #expect(!room.contains(":"))
        #expect(create["sender"]?.stringValue == alice.userID)
    }

    @Test(arguments: versions)
    func theVersionIsTheOneThatWasAskedFor(_ version: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom(["room_version": "\(version)"])
        let content = try #require(try await alice.state("m.room.create", in: room))
        #expect(content["room_version"]?.stringValue == version)
        #expect(content["creator"]?.stringValue == (version == "10" ? alice.userID : nil))
        #expect(room.hasSuffix(":localhost") == (version != "12"))
    }

    @Test(arguments: ["unknown", "0", ""])
    func unknownVersionsAreRefused(_ version: String) async throws {
        let alice = try await newUser("alice")
        try await alice.post("createRoom", body: ["room_version": "\(version)"]).fails(400, "M_UNSUPPORTED_ROOM_VERSION")
    }

    @Test(arguments: versions)
    func eventsComeInTheSpecificationsOrder(_ version: String) async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let alias = unique("ordered")
        let room = try await alice.createRoom([
            "room_version": "\(version)", "preset": "private_chat", "room_alias_name": "\(alias)", "name": "Name", "topic": "Topic",
            "initial_state": [
                ["type": "org.example.first", "content": ["a": 1]], ["type": "org.example.second", "state_key": "key", "content": [:]],
            ],
            "invite": ["\(bob.userID)"],
        ])
        let events = try await events(alice, room)
        let types = events.types
        #expect(types.prefix(4) == ["m.room.create", "m.room.member", "m.room.power_levels", "m.room.canonical_alias"])
        #expect(Set(types[4..<7]) == ["m.room.join_rules", "m.room.history_visibility", "m.room.guest_access"])
        #expect(types[7...] == ["org.example.first", "org.example.second", "m.room.name", "m.room.topic", "m.room.member"])
        #expect(events[1]["state_key"]?.stringValue == alice.userID)
        #expect(events[1]["content", "membership"] == "join")
        #expect(events[8]["state_key"] == "key")
        #expect(events.last?["state_key"]?.stringValue == bob.userID)
        #expect(events.last?["content", "membership"] == "invite")
        #expect(events.allSatisfy { $0["sender"]?.stringValue == alice.userID && $0["room_id"]?.stringValue == room })
        #expect(try await alice.state("m.room.canonical_alias", in: room)?["alias"]?.stringValue == "#\(alias):localhost")
        #expect(try await alice.state("m.room.name", in: room)?["name"] == "Name")
        #expect(try await alice.state("m.room.topic", in: room)?["topic"] == "Topic")
        #expect(try await anybody().get("directory", "room", "#\(alias):localhost").ok()["room_id"]?.stringValue == room)
    }

    @Test(arguments: [
        ("private_chat", "invite", "can_join"), ("trusted_private_chat", "invite", "can_join"), ("public_chat", "public", "forbidden"),
    ])
    func presets(_ preset: String, _ joinRule: String, _ guestAccess: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom(["preset": "\(preset)"])
        #expect(try await alice.state("m.room.join_rules", in: room)?["join_rule"]?.stringValue == joinRule)
        #expect(try await alice.state("m.room.history_visibility", in: room)?["history_visibility"] == "shared")
        #expect(try await alice.state("m.room.guest_access", in: room)?["guest_access"]?.stringValue ?? "forbidden" == guestAccess)
    }

    @Test func theVisibilityDecidesWithoutAPreset() async throws {
        let alice = try await newUser("alice")
        let published = try await alice.createRoom(["visibility": "public"])
        #expect(try await alice.state("m.room.join_rules", in: published)?["join_rule"] == "public")
        #expect(try await anybody().get("directory", "list", "room", published).ok()["visibility"] == "public")
        for body in [[:], ["visibility": "private"]] as [JSONValue] {
            let room = try await alice.createRoom(body)
            #expect(try await alice.state("m.room.join_rules", in: room)?["join_rule"] == "invite")
            #expect(try await anybody().get("directory", "list", "room", room).ok()["visibility"] == "private")
        }
    }

    @Test(arguments: ["10", "11"])
    func creatorsHaveLevel100BeforeVersion12(_ version: String) async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["room_version": "\(version)", "invite": ["\(bob.userID)"]])
        let levels = try #require(try await alice.state("m.room.power_levels", in: room))
        #expect(levels["users"] == .object([alice.userID: 100]))
        let trusted = try await alice.createRoom([
            "room_version": "\(version)", "preset": "trusted_private_chat", "invite": ["\(bob.userID)"],
        ])
        let trustedLevels = try #require(try await alice.state("m.room.power_levels", in: trusted))
        #expect(trustedLevels["users"] == .object([alice.userID: 100, bob.userID: 100]))
    }

    @Test func version12NamesNoCreatorInThePowerLevels() async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let room = try await alice.createRoom()
        let levels = try #require(try await alice.state("m.room.power_levels", in: room))
        #expect(levels["users"]?.objectValue?.isEmpty != false)
        #expect(levels["events", "m.room.tombstone"] == 150)

        let trusted = try await alice.createRoom([
            "preset": "trusted_private_chat", "invite": ["\(bob.userID)", "\(carol.userID)"],
            "creation_content": ["additional_creators": ["\(carol.userID)"]],
        ])
        let creators = try #require(try await alice.state("m.room.create", in: trusted)?["additional_creators"]?.strings)
        #expect(creators.sorted() == [bob.userID, carol.userID].sorted())
        let trustedLevels = try #require(try await alice.state("m.room.power_levels", in: trusted))
        #expect(trustedLevels["users"]?.objectValue?.isEmpty != false)
        try await bob.join(trusted)
        try await bob.setState("m.room.tombstone", in: trusted, to: ["body": "moved", "replacement_room": "!elsewhere:localhost"])
    }

    @Test func version12RefusesCreatorsInPowerLevelUsers() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        for user in [alice, bob] {
            let response = try await alice.post(
                "createRoom",
                body: [
                    "power_level_content_override": ["users": .object([user.userID: 100])],
                    "creation_content": ["additional_creators": ["\(bob.userID)"]],
                ])
            #expect(response.status == 400)
            #expect(["M_BAD_JSON", "M_INVALID_PARAM", "M_INVALID_ROOM_STATE"].contains(response.body["errcode"]?.stringValue))
        }
        let room = try await alice.createRoom()
        let response = try await alice.put(
            "rooms", room, "state", "m.room.power_levels", body: ["users": .object([alice.userID: 100])])
        #expect(response.status == 400)
    }

    @Test(arguments: [["not a user ID"], "@alice:localhost", [1], ["@alice"]] as [JSONValue])
    func additionalCreatorsAreChecked(_ creators: JSONValue) async throws {
        let alice = try await newUser("alice")
        try await alice.post("createRoom", body: ["creation_content": ["additional_creators": creators]])
            .fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
    }

    @Test func initialStateGoesOverThePresetAndUnderNameAndTopic() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom([
            "preset": "private_chat", "name": "Given name",
            "initial_state": [
                ["type": "m.room.join_rules", "state_key": "", "content": ["join_rule": "public"]],
                ["type": "m.room.name", "state_key": "", "content": ["name": "Overridden"]],
                ["type": "m.room.topic", "content": ["topic": "Kept"]],
                ["type": "m.room.history_visibility", "content": ["history_visibility": "joined"]],
            ],
        ])
        #expect(try await alice.state("m.room.join_rules", in: room)?["join_rule"] == "public")
        #expect(try await alice.state("m.room.name", in: room)?["name"] == "Given name")
        #expect(try await alice.state("m.room.topic", in: room)?["topic"] == "Kept")
        #expect(try await alice.state("m.room.history_visibility", in: room)?["history_visibility"] == "joined")
    }

    @Test(arguments: versions)
    func powerLevelsAreOverriddenMemberByMember(_ version: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom([
            "room_version": "\(version)", "power_level_content_override": ["events_default": 25, "events": ["org.example": 75]],
        ])
        let levels = try #require(try await alice.state("m.room.power_levels", in: room))
        #expect(levels["events_default"] == 25)
        #expect(levels["events", "org.example"] == 75)
        #expect(levels["state_default"]?.integerValue ?? 50 == 50)
    }

    @Test func creationContentIsKeptButForWhatTheServerSets() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom([
            "room_version": "11",
            "creation_content": ["m.federate": false, "type": "m.space", "room_version": "1", "org.example": ["kept": true]],
        ])
        let content = try #require(try await alice.state("m.room.create", in: room))
        #expect(content["m.federate"] == false)
        #expect(content["type"] == "m.space")
        #expect(content["org.example", "kept"] == true)
        #expect(content["room_version"] == "11")
    }

    @Test func directInvitesAreMarked() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["is_direct": true, "preset": "trusted_private_chat", "invite": ["\(bob.userID)"]])
        #expect(try await alice.state("m.room.member", bob.userID, in: room)?["is_direct"] == true)
        let sync = try await bob.sync()
        let invite = sync.invited(room)?["invite_state", "events"]?.arrayValue?.event("m.room.member", bob.userID)
        #expect(invite?["content", "is_direct"] == true)
    }

    @Test func aliasesAreTakenOnce() async throws {
        let alice = try await newUser("alice")
        let alias = unique("taken")
        _ = try await alice.createRoom(["room_alias_name": "\(alias)"])
        try await alice.post("createRoom", body: ["room_alias_name": "\(alias)"]).fails(400, "M_ROOM_IN_USE")
        for invalid in ["#\(alias):localhost", "with:colon", "nul\u{0}", String(repeating: "a", count: 260)] {
            try await alice.post("createRoom", body: ["room_alias_name": "\(invalid)"]).fails(400, "M_INVALID_PARAM", "M_BAD_JSON")
        }
        // What was refused has left nothing.
        let rooms = try #require(try await alice.get("joined_rooms").ok()["joined_rooms"]?.arrayValue)
        #expect(rooms.count == 1)
    }

    @Test func aStateThatTheCreatorMayNotSetIsInvalid() async throws {
        let alice = try await newUser("alice")
        let response = try await alice.post(
            "createRoom",
            body: [
                "room_version": "11", "name": "Unreachable",
                "power_level_content_override": ["users": .object([alice.userID: 10]), "state_default": 50],
            ])
        #expect([400, 403].contains(response.status))
        #expect(["M_INVALID_ROOM_STATE", "M_FORBIDDEN"].contains(response.body["errcode"]?.stringValue))
        let rooms = try #require(try await alice.get("joined_rooms").ok()["joined_rooms"]?.arrayValue)
        #expect(rooms.isEmpty)
    }

    @Test(
        arguments: [
            ["preset": "unknown"], ["preset": 1], ["visibility": "secret"], ["room_version": 11], ["room_alias_name": 1], ["name": 1],
            ["topic": []],
            ["invite": "@bob:localhost"], ["invite": [1]], ["invite": ["bob"]], ["creation_content": []], ["initial_state": [:]],
            ["initial_state": ["text"]], ["initial_state": [["content": [:]]]], ["initial_state": [["type": "a", "content": 1]]],
            ["initial_state": [["type": "a", "state_key": 1, "content": [:]]]], ["is_direct": "yes"], ["power_level_content_override": []],
            ["power_level_content_override": ["users_default": "50"]], ["power_level_content_override": ["events": []]],
            ["creation_content": ["big": 9_007_199_254_740_993]], ["creation_content": ["float": 1.5]],
        ] as [JSONValue])
    func malformedRequestsAreRefused(_ body: JSONValue) async throws {
        let alice = try await newUser("alice")
        try await alice.post("createRoom", body: body)
            .fails(400, "M_BAD_JSON", "M_INVALID_PARAM", "M_MISSING_PARAM", "M_INVALID_ROOM_STATE", "M_UNKNOWN")
    }
}
