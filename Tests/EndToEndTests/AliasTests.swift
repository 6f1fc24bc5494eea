import CanonicalJSON
import Testing

/// "Room aliases": `/directory/room` and `/rooms/{roomId}/aliases`.
@Suite(.fewAtATime) struct AliasTests {
    @Test func anAliasIsMadeResolvedListedAndDeleted() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let alias = "#\(unique("alias/with%slash")):localhost"
        try await anybody().get("directory", "room", alias).fails(404, "M_NOT_FOUND")
        try await alice.put("directory", "room", alias, body: ["room_id": "\(room)"]).ok()
        let answer = try await anybody().get("directory", "room", alias).ok()
        #expect(answer["room_id"]?.stringValue == room)
        #expect(answer["servers"]?.strings?.contains("localhost") == true)
        #expect(try await alice.get("rooms", room, "aliases").ok()["aliases"]?.strings == [alias])
        try await alice.delete("directory", "room", alias).ok()
        try await anybody().get("directory", "room", alias).fails(404, "M_NOT_FOUND")
        try await alice.delete("directory", "room", alias).fails(404, "M_NOT_FOUND")
        #expect(try await alice.get("rooms", room, "aliases").ok()["aliases"] == [])
    }

    @Test func aliasesHaveNoWhiteSpace() async throws {
        let alice = try await newUser("alice")
        let (room, name) = (try await alice.createRoom(), unique("with space"))
        try await alice.put("directory", "room", "#\(name):localhost", body: ["room_id": "\(room)"]).fails(400, "M_INVALID_PARAM")
        try await alice.post("createRoom", body: ["room_alias_name": "\(name)"]).fails(400, "M_INVALID_PARAM")
    }

    @Test func anAliasIsTakenOnce() async throws {
        let alice = try await newUser("alice")
        let (room, otherRoom) = (try await alice.createRoom(), try await alice.createRoom())
        let alias = "#\(unique("alias")):localhost"
        try await alice.put("directory", "room", alias, body: ["room_id": "\(room)"]).ok()
        try await alice.put("directory", "room", alias, body: ["room_id": "\(otherRoom)"]).fails(409, "M_UNKNOWN")
        #expect(try await anybody().get("directory", "room", alias).ok()["room_id"]?.stringValue == room)
    }

    @Test(arguments: ["no-sigil:localhost", "#no-server", "#", "!room:localhost", "#nul\u{0}:localhost"])
    func invalidAliases(_ alias: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        try await alice.put("directory", "room", alias, body: ["room_id": "\(room)"]).fails(400, "M_INVALID_PARAM")
        try await anybody().get("directory", "room", alias).fails(400, "M_INVALID_PARAM")
    }

    @Test func aliasesOfOtherServersAreTheirs() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let response = try await alice.put("directory", "room", "#alias:elsewhere.example", body: ["room_id": "\(room)"])
        #expect([400, 403].contains(response.status))
        #expect(["M_INVALID_PARAM", "M_FORBIDDEN"].contains(response.body["errcode"]?.stringValue))
    }

    @Test(arguments: [[:], ["room_id": 1], ["room_id": "no room ID"], ["room_id": .null]] as [JSONValue])
    func theRoomHasToBeNamed(_ body: JSONValue) async throws {
        let alice = try await newUser("alice")
        try await alice.put("directory", "room", "#\(unique("alias")):localhost", body: body)
            .fails(400, "M_BAD_JSON", "M_MISSING_PARAM", "M_INVALID_PARAM")
    }

    @Test func aliasesPointToRoomsThatExist() async throws {
        let alice = try await newUser("alice")
        let alias = "#\(unique("alias")):localhost"
        let response = try await alice.put("directory", "room", alias, body: ["room_id": "!unknown:localhost"])
        #expect([400, 403, 404].contains(response.status))
        try await anybody().get("directory", "room", alias).fails(404, "M_NOT_FOUND")
    }

    @Test func onlyItsMakerAndModeratorsDeleteAnAlias() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let (alices, bobs) = ("#\(unique("alice")):localhost", "#\(unique("bob")):localhost")
        try await alice.put("directory", "room", alices, body: ["room_id": "\(room)"]).ok()
        try await bob.put("directory", "room", bobs, body: ["room_id": "\(room)"]).ok()
        try await bob.delete("directory", "room", alices).fails(403, "M_FORBIDDEN")
        try await alice.delete("directory", "room", bobs).ok()
        #expect(try await alice.get("rooms", room, "aliases").ok()["aliases"]?.strings == [alices])
    }

    @Test func aDeletedAliasLeavesTheCanonicalAlias() async throws {
        let alice = try await newUser("alice")
        let alias = unique("canonical")
        let room = try await alice.createRoom(["room_alias_name": "\(alias)"])
        let other = "#\(unique("other")):localhost"
        try await alice.put("directory", "room", other, body: ["room_id": "\(room)"]).ok()
        try await alice.setState("m.room.canonical_alias", in: room, to: ["alias": "#\(alias):localhost", "alt_aliases": ["\(other)"]])
        try await alice.delete("directory", "room", other).ok()
        let first = try #require(try await alice.state("m.room.canonical_alias", in: room))
        #expect(first["alias"]?.stringValue == "#\(alias):localhost")
        #expect(first["alt_aliases"]?.arrayValue?.isEmpty != false)
        try await alice.delete("directory", "room", "#\(alias):localhost").ok()
        #expect(try await alice.state("m.room.canonical_alias", in: room)?["alias"]?.stringValue == nil)
    }

    @Test func deletingSucceedsForThoseWhoLackPowerOverTheCanonicalAlias() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let alias = "#\(unique("bob")):localhost"
        try await bob.put("directory", "room", alias, body: ["room_id": "\(room)"]).ok()
        try await alice.setState("m.room.canonical_alias", in: room, to: ["alias": "\(alias)"])
        try await bob.delete("directory", "room", alias).ok()
        try await anybody().get("directory", "room", alias).fails(404, "M_NOT_FOUND")
        #expect(try await alice.state("m.room.canonical_alias", in: room)?["alias"]?.stringValue == alias)
    }

    @Test func whoMayListAliases() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        try await bob.get("rooms", room, "aliases").fails(403, "M_FORBIDDEN")
        try await alice.setState("m.room.history_visibility", in: room, to: ["history_visibility": "world_readable"])
        try await bob.get("rooms", room, "aliases").ok()
        try await alice.get("rooms", "no-room-id", "aliases").fails(400, "M_INVALID_PARAM")
    }
}
