import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// What users keep of a room when they come into its successor.
@Suite struct RoomSuccessionTests {
    private func set(_ type: String, _ content: JSONObject, in room: RoomID?, of user: Requester, _ fixture: RoomsFixture) async throws {
        _ = try await fixture.accounts.setAccountData(of: user.userID, in: room, type: type, to: content.encoded())
    }

    private func content(_ type: String, in room: RoomID? = nil, of user: Requester, _ fixture: RoomsFixture) throws -> JSONValue? {
        try fixture.accounts.view().accountData(of: user.userID, in: room, type: type)?.json()
    }

    /// Bob's settings for a room.
    private func setEverything(for room: RoomID, _ fixture: RoomsFixture) async throws {
        let id = JSONValue.string(room.string)
        try await set("m.tag", ["tags": ["m.favourite": ["order": 1], "u.work": [:]]], in: room, of: fixture.bob, fixture)
        try await set(
            "m.direct", ["@alice:example.org": ["!other:example.org", id], "@carol:example.org": []], in: nil, of: fixture.bob, fixture)
        try await set(
            "m.push_rules",
            [
                "global": [
                    "room": [["rule_id": id, "actions": [], "default": false, "enabled": true]],
                    "override": [
                        ["rule_id": ".m.rule.master", "actions": [], "conditions": []],
                        [
                            "rule_id": id, "actions": ["notify"],
                            "conditions": [["kind": "event_match", "key": "room_id", "pattern": id], ["kind": "contains_display_name"]],
                        ],
                    ],
                ]
            ], in: nil, of: fixture.bob, fixture)
    }

    /// Together they are more than a commit usually takes.
    @Test func largeSettingsAreKept() async throws {
        let fixture = try await RoomsFixture()
        let old = try await fixture.room(with: fixture.bob)
        try await setEverything(for: old, fixture)
        let large = JSONValue.string(String(repeating: "x", count: 500 << 10))
        for (type, room) in [("m.tag", old), ("m.direct", nil), ("m.push_rules", nil)] as [(String, RoomID?)] {
            var changed = try #require(try content(type, in: room, of: fixture.bob, fixture)?.objectValue)
            if type == "m.tag" { changed["tags"] = ["u.work": ["large": large]] } else { changed["org.example.large"] = large }
            try await set(type, changed, in: room, of: fixture.bob, fixture)
        }
        let new = try await fixture.rooms.upgrade(old, to: "11", additionalCreators: [], by: fixture.alice)
        try await fixture.rooms.join(new, content: [:], by: fixture.bob)
        #expect(try content("m.tag", in: new, of: fixture.bob, fixture)?["tags", "u.work", "large"] == large)
    }

    @Test func joiningTheSuccessorCopiesTagsDirectChatsAndPushRules() async throws {
        let fixture = try await RoomsFixture()
        let old = try await fixture.room(with: fixture.bob)
        try await setEverything(for: old, fixture)
        let new = try await fixture.rooms.upgrade(old, to: "11", additionalCreators: [], by: fixture.alice)
        #expect(try content("m.tag", in: new, of: fixture.bob, fixture) == nil)
        try await set("m.tag", ["tags": ["u.work": ["order": 0]]], in: new, of: fixture.bob, fixture)
        try await fixture.rooms.join(new, content: [:], by: fixture.bob)

        let (oldID, newID) = (JSONValue.string(old.string), JSONValue.string(new.string))
        // What the user has said of the successor stays.
        #expect(
            try content("m.tag", in: new, of: fixture.bob, fixture) == ["tags": ["m.favourite": ["order": 1], "u.work": ["order": 0]]])
        #expect(try content("m.tag", in: old, of: fixture.bob, fixture)?["tags", "m.favourite"] != nil)
        #expect(
            try content("m.direct", of: fixture.bob, fixture)
                == ["@alice:example.org": ["!other:example.org", oldID, newID], "@carol:example.org": []])
        let rules = try content("m.push_rules", of: fixture.bob, fixture)
        #expect(rules?["global", "room"]?.arrayValue?.compactMap { $0["rule_id"] } == [newID, oldID])
        let override = rules?["global", "override"]?.arrayValue ?? []
        #expect(override.compactMap { $0["rule_id"] } == [newID, ".m.rule.master", oldID])
        #expect(
            override.first?["conditions"]
                == [["kind": "event_match", "key": "room_id", "pattern": newID], ["kind": "contains_display_name"]])

        // It happens once: what the user takes away later stays away.
        try await set("m.tag", ["tags": [:]], in: new, of: fixture.bob, fixture)
        try await fixture.rooms.leave(new, reason: nil, by: fixture.bob)
        try await fixture.rooms.join(new, content: [:], by: fixture.bob)
        #expect(try content("m.tag", in: new, of: fixture.bob, fixture) == ["tags": [:]])
    }

    /// However the join is made.
    @Test func whoUpgradesAndWhoJoinsByAStateEventKeepsTagsToo() async throws {
        let fixture = try await RoomsFixture()
        let old = try await fixture.room(with: fixture.bob)
        for user in [fixture.alice, fixture.bob] { try await set("m.tag", ["tags": ["a": [:]]], in: old, of: user, fixture) }
        let new = try await fixture.rooms.upgrade(old, to: "12", additionalCreators: [], by: fixture.alice)
        #expect(try content("m.tag", in: new, of: fixture.alice, fixture) == ["tags": ["a": [:]]])
        try await fixture.set("m.room.member", fixture.bob.userID.string, ["membership": "join"], in: new, by: fixture.bob)
        #expect(try content("m.tag", in: new, of: fixture.bob, fixture) == ["tags": ["a": [:]]])
    }

    /// A client can upgrade a room by hand.
    @Test func aRoomMadeWithAPredecessorIsASuccessor() async throws {
        let fixture = try await RoomsFixture()
        let old = try await fixture.room(with: fixture.bob)
        try await set("m.tag", ["tags": ["a": [:]]], in: old, of: fixture.alice, fixture)
        let new = try await fixture.room { $0.creationContent = ["predecessor": ["room_id": .string(old.string)]] }
        #expect(try content("m.tag", in: new, of: fixture.alice, fixture) == ["tags": ["a": [:]]])
    }

    @Test func whoWasNotInThePredecessorKeepsNothing() async throws {
        let fixture = try await RoomsFixture()
        let old = try await fixture.room()
        try await set("m.tag", ["tags": ["a": [:]]], in: old, of: fixture.bob, fixture)
        let new = try await fixture.rooms.upgrade(old, to: "11", additionalCreators: [], by: fixture.alice)
        try await fixture.rooms.join(new, content: [:], by: fixture.bob)
        #expect(try content("m.tag", in: new, of: fixture.bob, fixture) == nil)
        #expect(try content("m.direct", of: fixture.bob, fixture) == nil)
    }

    /// It follows from the join by an intent, so it survives a crash right after it.
    @Test func whatIsLeftIsCarriedOutAfterARestart() async throws {
        let fixture = try await RoomsFixture()
        let old = try await fixture.room(with: fixture.bob)
        try await set("m.tag", ["tags": ["a": [:]]], in: old, of: fixture.bob, fixture)
        let new = try await fixture.rooms.upgrade(old, to: "11", additionalCreators: [], by: fixture.alice)
        await fixture.intents.stop()
        try await fixture.rooms.join(new, content: [:], by: fixture.bob)
        #expect(try content("m.tag", in: new, of: fixture.bob, fixture) == nil)
        let later = Intents(
            of: fixture.database.database, kinds: [IntentKind(Rooms.succeedRoomIntent, [Accounts.succeedingRooms(in: fixture.accounts)])],
            environment: fixture.environment)
        try await later.resume()
        #expect(try content("m.tag", in: new, of: fixture.bob, fixture) == ["tags": ["a": [:]]])
        await later.stop()
    }
}
