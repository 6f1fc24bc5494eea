import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "Creation" of rooms, option by option.
@Suite struct RoomsCreationTests {
    @Test(
        arguments: [
            (.privateChat, "invite", "can_join"), (.trustedPrivateChat, "invite", "can_join"), (.publicChat, "public", nil),
        ] as [(CreateRoomRequest.Preset, JSONValue, JSONValue?)], RoomVersion.supported)
    func presets(_ preset: (CreateRoomRequest.Preset, joinRule: JSONValue, guestAccess: JSONValue?), _ version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(preset.0, version: version)
        #expect(try fixture.content("m.room.join_rules", of: room, for: fixture.alice)?["join_rule"] == preset.joinRule)
        #expect(
            try fixture.content("m.room.history_visibility", of: room, for: fixture.alice) == ["history_visibility": "shared"])
        #expect(try fixture.content("m.room.guest_access", of: room, for: fixture.alice)?["guest_access"] == preset.guestAccess)

        let create = try #require(try fixture.content("m.room.create", of: room, for: fixture.alice))
        #expect(create["room_version"]?.stringValue == version.id)
        #expect(create["creator"]?.stringValue == (version.creatorIsSender ? nil : fixture.alice.userID.string))
        #expect((room.serverName == nil) == version.roomIDIsCreateHash)
    }

    @Test func theVisibilityDecidesWithoutAPreset() async throws {
        let fixture = try await RoomsFixture()
        for (visibility, joinRule) in [(.public, "public"), (.private, "invite")] as [(CreateRoomRequest.Visibility, JSONValue)] {
            let room = try await fixture.room {
                $0.preset = nil
                $0.visibility = visibility
            }
            #expect(try fixture.content("m.room.join_rules", of: room, for: fixture.alice)?["join_rule"] == joinRule)
            #expect(try fixture.directory.isPublic(room) == (visibility == .public))
        }
    }

    @Test(arguments: RoomVersion.supported)
    func eventsComeInTheSpecificationsOrder(_ version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(.privateChat, version: version) {
            $0.aliasLocalpart = "pub"
            $0.initialState = [(StateKey("org.example.first"), ["a": 1]), (StateKey("org.example.second", "key"), [:])]
            $0.name = "The Pub"
            $0.topic = "Beer"
            $0.invite = [fixture.bob.userID]
            $0.isDirect = true
        }
        let page = try fixture.page(of: room, MessagesRequest(isBackward: false, limit: 100), for: fixture.alice)
        #expect(
            page.bodies == [
                "m.room.create", "m.room.member", "m.room.power_levels", "m.room.canonical_alias", "m.room.join_rules",
                "m.room.history_visibility", "m.room.guest_access", "org.example.first", "org.example.second", "m.room.name",
                "m.room.topic", "m.room.member",
            ])
        #expect(try fixture.content("m.room.canonical_alias", of: room, for: fixture.alice) == ["alias": "#pub:example.org"])
        #expect(try fixture.directory.resolve(RoomAlias(trusted: "#pub:example.org")).room == room)
        #expect(try fixture.content("m.room.name", of: room, for: fixture.alice) == ["name": "The Pub"])
        let topic = try #require(try fixture.content("m.room.topic", of: room, for: fixture.alice))
        #expect(topic == ["topic": "Beer", "m.topic": ["m.text": [["body": "Beer"]]]])
        let invite = try fixture.content("m.room.member", fixture.bob.userID.string, of: room, for: fixture.alice)
        #expect(invite == ["membership": "invite", "is_direct": true])
    }

    @Test func initialStateGoesOverThePresetAndUnderNameAndTopic() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(.privateChat) {
            $0.initialState = [
                (.joinRules, ["join_rule": "public"]), (.name, ["name": "Overridden"]), (.topic, ["topic": "Kept"]),
                (.historyVisibility, ["history_visibility": "joined"]),
            ]
            $0.name = "Given"
        }
        #expect(try fixture.content("m.room.join_rules", of: room, for: fixture.alice) == ["join_rule": "public"])
        #expect(try fixture.content("m.room.history_visibility", of: room, for: fixture.alice) == ["history_visibility": "joined"])
        #expect(try fixture.content("m.room.name", of: room, for: fixture.alice) == ["name": "Given"])
        #expect(try fixture.content("m.room.topic", of: room, for: fixture.alice) == ["topic": "Kept"])
    }

    @Test(arguments: RoomVersion.supported)
    func roomsOfOneMomentAreDifferentRooms(_ version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        var request = CreateRoomRequest()
        request.roomVersion = version.id
        let ids = try await withThrowingTaskGroup(of: RoomID.self) { group in
            for _ in 0..<5 { group.addTask { [request] in try await fixture.rooms.create(request, by: fixture.alice) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids.count == 5)
        #expect(try Set(fixture.rooms.joinedRooms(of: fixture.alice)) == ids)
    }

    // MARK: - Power

    @Test(arguments: [RoomVersion.v10, .v11])
    func creatorsHaveALevelBeforeVersion12(_ version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        for (preset, users) in [
            (.privateChat, ["@alice:example.org": 100]), (.trustedPrivateChat, ["@alice:example.org": 100, "@bob:example.org": 100]),
        ] as [(CreateRoomRequest.Preset, JSONValue)] {
            let room = try await fixture.room(preset, version: version) { $0.invite = [fixture.bob.userID] }
            let levels = try #require(try fixture.content("m.room.power_levels", of: room, for: fixture.alice))
            #expect(levels["users"] == users)
            #expect(levels["events", "m.room.tombstone"] == 100)
        }
    }

    @Test func version12HasCreatorsInstead() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(.trustedPrivateChat) {
            $0.invite = [fixture.bob.userID, fixture.carol.userID]
            $0.creationContent = ["additional_creators": ["@carol:example.org"]]
        }
        let create = try #require(try fixture.content("m.room.create", of: room, for: fixture.alice))
        #expect(create["additional_creators"] == ["@carol:example.org", "@bob:example.org"])
        let levels = try #require(try fixture.content("m.room.power_levels", of: room, for: fixture.alice))
        #expect(levels["users"] == [:])
        #expect(levels["events", "m.room.tombstone"] == 150)
        try await fixture.rooms.join(room, content: [:], by: fixture.bob)
        try await fixture.set("m.room.tombstone", ["body": "moved"], in: room, by: fixture.bob)
    }

    @Test func version12RefusesCreatorsInPowerLevels() async throws {
        let fixture = try await RoomsFixture()
        for user in ["@alice:example.org", "@bob:example.org"] {
            await expect(.badJSON, 400) {
                try await fixture.room {
                    $0.creationContent = ["additional_creators": ["@bob:example.org"]]
                    $0.powerLevelOverride = ["users": [user: 100]]
                }
            }
        }
        let room = try await fixture.room()
        await expect(.badJSON, 400) {
            try await fixture.set("m.room.power_levels", ["users": ["@alice:example.org": 100]], in: room, by: fixture.alice)
        }
    }

    @Test(arguments: ["@bob:example.org", [1], ["bob"], ["@bob"]] as [JSONValue])
    func additionalCreatorsAreUsers(_ creators: JSONValue) async throws {
        let fixture = try await RoomsFixture()
        await expect(.invalidParameter, 400) {
            try await fixture.room { $0.creationContent = ["additional_creators": creators] }
        }
    }

    @Test(arguments: RoomVersion.supported)
    func levelsAreOverriddenMemberByMember(_ version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(version: version) {
            $0.powerLevelOverride = ["events_default": 25, "events": ["org.example": 75]]
        }
        let levels = try #require(try fixture.content("m.room.power_levels", of: room, for: fixture.alice))
        let events: JSONValue = version.creatorsArePrivileged ? ["org.example": 75, "m.room.tombstone": 150] : ["org.example": 75]
        #expect(levels["events_default"] == 25 && levels["events"] == events && levels["ban"] == 50)
    }

    // MARK: - Refusals

    @Test(arguments: ["", "0", "999", "org.example"])
    func unknownVersions(_ version: String) async throws {
        let fixture = try await RoomsFixture()
        await expect(.unsupportedRoomVersion, 400) { try await fixture.room { $0.roomVersion = version } }
    }

    @Test func anAliasIsTakenOnceAndNothingIsLeftOfTheSecondRoom() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room { $0.aliasLocalpart = "pub" }
        await expect(.roomInUse, 400) { try await fixture.room { $0.aliasLocalpart = "pub" } }
        #expect(try fixture.rooms.joinedRooms(of: fixture.alice) == [room])
    }

    @Test(arguments: ["", "with:colon", "with space", "with\u{2003}space", "nul\u{0}", String(repeating: "a", count: 250)])
    func invalidAliases(_ localpart: String) async throws {
        let fixture = try await RoomsFixture()
        await expect(.invalidParameter, 400) { try await fixture.room { $0.aliasLocalpart = localpart } }
    }

    @Test func whoeverIsInvitedIsOnThisServer() async throws {
        let fixture = try await RoomsFixture()
        let user = UserID(trusted: "@dave:elsewhere.example")
        await expect(.forbidden, 403) { try await fixture.room { $0.invite = [user] } }
        await expect(.forbidden, 403) { try await fixture.room { $0.initialState = [(.member(user), ["membership": "invite"])] } }
        #expect(try fixture.rooms.joinedRooms(of: fixture.alice).isEmpty)
    }

    @Test func stateThatTheRulesForbid() async throws {
        let fixture = try await RoomsFixture()
        await expect(.invalidRoomState, 400) {
            try await fixture.room { $0.initialState = [(.create, ["room_version": "12"])] }
        }
        await expect(.invalidRoomState, 400) {
            try await fixture.room { $0.initialState = [(.member(fixture.bob.userID), ["membership": "join"])] }
        }
        await expect(.invalidRoomState, 400) {
            try await fixture.room(version: .v11) {
                $0.powerLevelOverride = ["users": ["@alice:example.org": 10]]
                $0.name = "Out of reach"
            }
        }
        await expect(.invalidRoomState, 400) { try await fixture.room { $0.powerLevelOverride = ["users_default": "50"] } }
    }

    /// What initial_state sets is checked like what is set later.
    @Test func initialStateFollowsTheRulesOfState() async throws {
        let fixture = try await RoomsFixture()
        _ = try await fixture.room { $0.aliasLocalpart = "taken" }
        for (key, content, code) in [
            (StateKey("m.room.redaction"), ["redacts": "$event"], .badJSON),
            (.powerLevels, ["users": ["@alice:example.org": 100]], .badJSON),
            (.member(fixture.bob.userID), ["membership": "invited"], .badJSON),
            (StateKey("m.room.member", "bob"), ["membership": "invite"], .badJSON),
            (.canonicalAlias, ["alias": "#taken:example.org"], .badAlias),
            (.canonicalAlias, ["alias": "#pub:elsewhere.example"], .badAlias),
            (.canonicalAlias, ["alias": "#own:example.org", "alt_aliases": ["#nobodys:example.org"]], .badAlias),
            (.canonicalAlias, ["alias": "own"], .invalidParameter), (.canonicalAlias, ["alias": 1], .badJSON),
        ] as [(StateKey, JSONObject, MatrixError.Code)] {
            await expect(code, 400) {
                try await fixture.room {
                    $0.aliasLocalpart = "own"
                    $0.initialState = [(key, content)]
                }
            }
        }
        // The alias that the request makes leads to the room.
        let content: JSONObject = ["alias": "#own:example.org", "alt_aliases": ["#own:example.org"]]
        let room = try await fixture.room {
            $0.aliasLocalpart = "own"
            $0.initialState = [(.canonicalAlias, content)]
        }
        #expect(try fixture.content("m.room.canonical_alias", of: room, for: fixture.alice) == .object(content))
        await expect(.badAlias, 400) { try await fixture.room { $0.initialState = [(.canonicalAlias, content)] } }
    }

    @Test(arguments: [1.5, 1e3, 9_007_199_254_740_992, -9_007_199_254_740_992, .bigInteger("99999999999999999999")] as [JSONValue])
    func contentsAreCanonicalJSON(_ number: JSONValue) async throws {
        let fixture = try await RoomsFixture()
        await expect(.badJSON, 400) { try await fixture.room { $0.creationContent = ["org.example": [["deep": number]]] } }
        await expect(.badJSON, 400) { try await fixture.room { $0.powerLevelOverride = ["users_default": number] } }
        await expect(.badJSON, 400) { try await fixture.room { $0.initialState = [(StateKey("org.example"), ["a": number])] } }
    }

    @Test func tombstonesNeedMoreThanOtherState() async throws {
        let fixture = try await RoomsFixture()
        let version = try #require(RoomVersion("12"))
        func tombstoneLevel(_ override: JSONObject) async throws -> JSONValue? {
            let room = try await fixture.room(version: version) { $0.powerLevelOverride = override }
            return try fixture.content("m.room.power_levels", of: room, for: fixture.alice)?["events", "m.room.tombstone"]
        }
        #expect(try await tombstoneLevel([:]) == 150)
        #expect(try await tombstoneLevel(["events": ["m.call.member": 0]]) == 150)
        #expect(try await tombstoneLevel(["events": ["m.call.member": 0], "state_default": 200]) == 201)
        #expect(try await tombstoneLevel(["events": ["m.room.tombstone": 100]]) == 100)
    }

    // MARK: - Sizes

    @Test(arguments: [0, 75, Rooms.initialEventsMax])
    func asManyInvitesAndStateEventsAsMayBe(_ inviteCount: Int) async throws {
        let fixture = try await RoomsFixture()
        let users = (0..<inviteCount).map { UserID(trusted: "@user\($0):example.org") }
        let state = (inviteCount..<Rooms.initialEventsMax).map { (key: StateKey("org.example", "\($0)"), content: ["a": 1] as JSONObject) }
        let room = try await fixture.room(.privateChat) {
            $0.invite = users
            $0.initialState = state
        }
        let invited = try fixture.rooms.members(of: room, at: nil, membership: .invite, notMembership: nil, for: fixture.alice)
        #expect(try invited.json()["chunk"]?.arrayValue?.count == inviteCount)
        await expect(.invalidParameter, 400) {
            try await fixture.room {
                $0.invite = users + [fixture.bob.userID]
                $0.initialState = state
            }
        }
    }

    @Test func aUserIsInvitedOnce() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(.privateChat) { $0.invite = [fixture.bob.userID, fixture.bob.userID] }
        let page = try fixture.page(of: room, MessagesRequest(isBackward: false, limit: 100), for: fixture.alice)
        #expect(page.bodies.count { $0 == "m.room.member" } == 2)
    }

    @Test func whatIsTooLargeIsSaidToBe() async throws {
        let fixture = try await RoomsFixture()
        let large = JSONValue.string(String(repeating: "x", count: 60_000))
        await expect(.tooLarge, 413) {
            try await fixture.room { $0.initialState = [(StateKey("org.example"), ["a": large, "b": large])] }
        }
        await expect(.tooLarge, 413) {
            try await fixture.room { $0.initialState = (0..<30).map { (StateKey("org.example", "\($0)"), ["a": large]) } }
        }
        #expect(try fixture.rooms.joinedRooms(of: fixture.alice).isEmpty)
    }
}
