import CanonicalJSON
import Testing

/// "Room state": `/state`, `/members`, `/joined_members`.
@Suite(.fewAtATime) struct StateTests {
    static let versions = ["10", "11", "12"]

    @Test(arguments: versions)
    func stateIsWrittenAndRead(_ version: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom(["room_version": "\(version)"])
        let path = "/_matrix/client/v3/rooms/\(MatrixTestClient.encoded(room))/state/m.room.topic"
        // With a trailing slash or without one, the state key is empty.
        for (number, suffix) in ["", "/"].enumerated() {
            let content: JSONValue = ["topic": "Topic \(number)"]
            try await alice.request("PUT", path + suffix, body: content.encoded()).ok()
            #expect(try await alice.request("GET", path).ok() == content)
            #expect(try await alice.request("GET", path + "/").ok() == content)
        }
        let id = try await alice.setState("org.example", "key", in: room, to: ["a": 1])
        let event = try await alice.get("rooms", room, "state", "org.example", "key", query: [("format", "event")]).ok()
        #expect(event["event_id"]?.stringValue == id)
        #expect(event["type"] == "org.example")
        #expect(event["state_key"] == "key")
        #expect(event["content"] == ["a": 1])
        #expect(event["room_id"]?.stringValue == room)
        #expect(event["sender"]?.stringValue == alice.userID)
        #expect(try await alice.get("rooms", room, "state", "org.example", "key", query: [("format", "content")]).ok() == ["a": 1])
        try await alice.get("rooms", room, "state", "org.example", "other").fails(404, "M_NOT_FOUND")
        try await alice.get("rooms", room, "state", "org.example").fails(404, "M_NOT_FOUND")
    }

    @Test func identicalContentReturnsTheStandingEvent() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let first = try await alice.setState("org.example", in: room, to: ["a": 1, "b": [1, 2]])
        #expect(try await alice.setState("org.example", in: room, to: ["b": [1, 2], "a": 1]) == first)
        let second = try await alice.setState("org.example", in: room, to: ["a": 2])
        let third = try await alice.setState("org.example", in: room, to: ["a": 1, "b": [1, 2]])
        #expect(Set([first, second, third]).count == 3)
        #expect(try await alice.messages(in: room).chunk.filter { $0["type"] == "org.example" }.eventIDs == [third, second, first])
    }

    @Test func changesTellWhatWasBefore() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let first = try await alice.setState("m.room.topic", in: room, to: ["topic": "first"])
        let second = try await alice.setState("m.room.topic", in: room, to: ["topic": "second"])
        let event = try await alice.get("rooms", room, "event", second).ok()
        #expect(event["unsigned", "prev_content"] == ["topic": "first"])
        #expect(event["unsigned", "replaces_state"]?.stringValue == first)
    }

    @Test(arguments: versions)
    func theWholeState(_ version: String) async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob, version: version)
        try await alice.setState("m.room.topic", in: room, to: ["topic": "first"])
        try await alice.setState("m.room.topic", in: room, to: ["topic": "second"])
        let state = try await bob.fullState(of: room)
        let keys = state.map { "\($0["type"]?.stringValue ?? "") \($0["state_key"]?.stringValue ?? "")" }
        #expect(Set(keys).count == keys.count)
        #expect(
            Set(keys).isSuperset(of: [
                "m.room.create ", "m.room.power_levels ", "m.room.join_rules ", "m.room.topic ", "m.room.member \(alice.userID)",
                "m.room.member \(bob.userID)",
            ]))
        #expect(state.event("m.room.topic")?["content", "topic"] == "second")
        #expect(state.allSatisfy { $0["room_id"]?.stringValue == room && $0["event_id"]?.stringValue?.hasPrefix("$") == true })
    }

    @Test func whoHasLeftSeesTheStateAtTheLeave() async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let room = try await alice.createRoom(with: bob)
        try await alice.setState("m.room.topic", in: room, to: ["topic": "before"])
        try await bob.leave(room)
        try await alice.setState("m.room.topic", in: room, to: ["topic": "after"])
        try await alice.setState("m.room.name", in: room, to: ["name": "after"])
        try await carol.join(room)
        #expect(try await bob.state("m.room.topic", in: room) == ["topic": "before"])
        #expect(try await bob.state("m.room.name", in: room) == nil)
        #expect(try await bob.fullState(of: room).event("m.room.topic")?["content", "topic"] == "before")
        #expect(try await bob.fullState(of: room).event("m.room.member", bob.userID)?["content", "membership"] == "leave")
        let members = try #require(try await bob.get("rooms", room, "members").ok()["chunk"]?.arrayValue)
        #expect(Set(members.compactMap { $0["state_key"]?.stringValue }) == [alice.userID, bob.userID])
        try await bob.get("rooms", room, "joined_members").fails(403, "M_FORBIDDEN")
    }

    @Test func strangersSeeNoState() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["preset": "public_chat"])
        for room in [room, "!unknown:localhost"] {
            try await bob.get("rooms", room, "state").fails(403, "M_FORBIDDEN")
            try await bob.get("rooms", room, "state", "m.room.topic").fails(403, "M_FORBIDDEN")
            try await bob.get("rooms", room, "members").fails(403, "M_FORBIDDEN")
            try await bob.get("rooms", room, "joined_members").fails(403, "M_FORBIDDEN")
            try await bob.put("rooms", room, "state", "m.room.topic", body: ["topic": "mine"]).fails(403, "M_FORBIDDEN")
        }
        try await alice.setState("m.room.history_visibility", in: room, to: ["history_visibility": "world_readable"])
        #expect(try await bob.state("m.room.create", in: room)?["room_version"] == "12")
    }

    @Test func levelsDecideWhoSetsWhat() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom([
            "preset": "public_chat", "power_level_content_override": ["events": ["org.example.open": 0]],
        ])
        try await bob.join(room)
        try await bob.put("rooms", room, "state", "m.room.topic", body: ["topic": "no"]).fails(403, "M_FORBIDDEN")
        try await bob.setState("org.example.open", in: room, to: [:])
        try await bob.setState("org.example.open", bob.userID, in: room, to: [:])
        // State keys that start with @ are their users' own.
        try await bob.put("rooms", room, "state", "org.example.open", alice.userID, body: [:]).fails(403, "M_FORBIDDEN")
        // Nobody raises anybody above themselves.
        try await alice.setState("m.room.power_levels", in: room, to: ["users": .object([bob.userID: 50]), "users_default": 0])
        try await bob.put(
            "rooms", room, "state", "m.room.power_levels", body: ["users": .object([bob.userID: 100]), "users_default": 0]
        ).fails(403, "M_FORBIDDEN")
    }

    @Test func canonicalAliasesPointToTheRoom() async throws {
        let alice = try await newUser("alice")
        let (room, otherRoom) = (try await alice.createRoom(), try await alice.createRoom())
        let (own, other) = ("#\(unique("own")):localhost", "#\(unique("other")):localhost")
        try await alice.put("directory", "room", own, body: ["room_id": "\(room)"]).ok()
        try await alice.put("directory", "room", other, body: ["room_id": "\(otherRoom)"]).ok()
        func set(_ content: JSONValue) async throws -> Response {
            try await alice.put("rooms", room, "state", "m.room.canonical_alias", body: content)
        }
        try await set(["alias": "\(own)", "alt_aliases": ["\(own)"]]).ok()
        for wrong in [other, "#\(unique("unknown")):localhost"] {
            try await set(["alias": "\(wrong)"]).fails(400, "M_BAD_ALIAS")
            try await set(["alias": "\(own)", "alt_aliases": ["\(wrong)"]]).fails(400, "M_BAD_ALIAS")
        }
        try await set(["alias": "no alias"]).fails(400, "M_INVALID_PARAM")
        try await set(["alt_aliases": ["#no-server"]]).fails(400, "M_INVALID_PARAM")
        try await set(["alt_aliases": "\(own)"]).fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
        #expect(try await alice.state("m.room.canonical_alias", in: room)?["alias"]?.stringValue == own)
        // What stands already is not looked up again.
        try await alice.delete("directory", "room", other).ok()
        try await set([:]).ok()
    }

    @Test(arguments: versions)
    func powerLevelsAreIntegers(_ version: String) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom(["room_version": "\(version)"])
        let users: JSONValue = version == "12" ? [:] : .object([alice.userID: 100])
        for (member, value) in [
            ("ban", "50"), ("users", ["@bob:localhost": "100"]), ("users", ["bob": 100]), ("events", ["org.example": "1"]), ("events", []),
            ("notifications", ["room": "50"]), ("users_default", .null),
        ] as [(String, JSONValue)] {
            var content: JSONObject = ["users": users]
            content[member] = value
            let response = try await alice.put("rooms", room, "state", "m.room.power_levels", body: .object(content))
            #expect([400, 403].contains(response.status), "\(member) \(value): \(response.status)")
            #expect(["M_BAD_JSON", "M_INVALID_PARAM", "M_FORBIDDEN"].contains(response.body["errcode"]?.stringValue))
        }
        try await alice.setState("m.room.power_levels", in: room, to: ["users": users, "ban": 60])
    }

    @Test func membersByMembership() async throws {
        let (alice, bob, carol, dave) = (
            try await newUser("alice"), try await newUser("bob"), try await newUser("carol"), try await newUser("dave")
        )
        let room = try await alice.createRoom(with: bob)
        try await alice.invite(carol, to: room)
        try await alice.post("rooms", room, "ban", body: ["user_id": "\(dave.userID)"]).ok()
        try await bob.leave(room)
        func members(_ query: [(String, String)] = []) async throws -> Set<String> {
            let chunk = try #require(try await alice.get("rooms", room, "members", query: query).ok()["chunk"]?.arrayValue)
            #expect(chunk.allSatisfy { $0["type"] == "m.room.member" && $0["room_id"]?.stringValue == room && $0["event_id"] != nil })
            return Set(chunk.compactMap { $0["state_key"]?.stringValue })
        }
        #expect(try await members() == [alice.userID, bob.userID, carol.userID, dave.userID])
        #expect(try await members([("membership", "join")]) == [alice.userID])
        #expect(try await members([("membership", "invite")]) == [carol.userID])
        #expect(try await members([("membership", "leave")]) == [bob.userID])
        #expect(try await members([("membership", "ban")]) == [dave.userID])
        #expect(try await members([("not_membership", "leave")]) == [alice.userID, carol.userID, dave.userID])
        #expect(try await members([("membership", "join"), ("not_membership", "ban")]) == [alice.userID, bob.userID, carol.userID])
        try await alice.get("rooms", room, "members", query: [("membership", "unknown")]).fails(
            400, "M_INVALID_PARAM", "M_BAD_JSON", "M_UNKNOWN")
    }

    @Test func membersAtAnEarlierPoint() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let before = try await alice.sync().nextBatch
        let room = try await alice.createRoom(["preset": "public_chat"])
        try await alice.send("alone", to: room)
        let alone = try await alice.sync()
        try await bob.join(room)
        try await alice.send("together", to: room)
        func members(at token: String) async throws -> Set<String> {
            let chunk = try #require(try await alice.get("rooms", room, "members", query: [("at", token)]).ok()["chunk"]?.arrayValue)
            return Set(chunk.compactMap { $0["state_key"]?.stringValue })
        }
        #expect(try await members(at: alone.nextBatch) == [alice.userID])
        #expect(try await members(at: alice.sync().nextBatch) == [alice.userID, bob.userID])
        #expect(try await members(at: before) == [alice.userID])
        try await alice.get("rooms", room, "members", query: [("at", "no token")]).fails(400, "M_INVALID_PARAM", "M_UNKNOWN")
    }

    @Test func joinedMembersHaveBothKeysOfAProfile() async throws {
        let (alice, bob, carol) = (try await newUser("alice"), try await newUser("bob"), try await newUser("carol"))
        let room = try await alice.createRoom(["preset": "public_chat"])
        try await bob.put("profile", bob.userID, "displayname", body: ["displayname": "Bob"]).ok()
        try await bob.put("profile", bob.userID, "avatar_url", body: ["avatar_url": "mxc://localhost/bob"]).ok()
        try await bob.join(room)
        try await alice.invite(carol, to: room)
        let joined = try #require(try await alice.get("rooms", room, "joined_members").ok()["joined"]?.objectValue)
        #expect(Set(joined.keys) == [alice.userID, bob.userID])
        #expect(joined[bob.userID] == ["display_name": "Bob", "avatar_url": "mxc://localhost/bob"])
        #expect(Set(joined[alice.userID]?.objectValue?.keys ?? []) == ["display_name", "avatar_url"])
    }
}
