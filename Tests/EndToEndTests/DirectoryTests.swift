import CanonicalJSON
import Testing

/// "Published room directory": `/directory/list/room` and `/publicRooms`.
@Suite(.fewAtATime) struct DirectoryTests {
    private func publicRooms(_ client: MatrixTestClient, _ body: JSONValue) async throws -> JSONValue {
        try await client.post("publicRooms", body: body).ok()
    }

    @Test func visibilityIsSetAndRead() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        #expect(try await anybody().get("directory", "list", "room", room).ok()["visibility"] == "private")
        try await alice.put("directory", "list", "room", room, body: ["visibility": "public"]).ok()
        #expect(try await anybody().get("directory", "list", "room", room).ok()["visibility"] == "public")
        try await bob.put("directory", "list", "room", room, body: ["visibility": "private"]).fails(403, "M_FORBIDDEN")
        try await alice.put("directory", "list", "room", room, body: ["visibility": "private"]).ok()
        #expect(try await anybody().get("directory", "list", "room", room).ok()["visibility"] == "private")
        // Public is what an empty body means.
        try await alice.put("directory", "list", "room", room, body: [:]).ok()
        #expect(try await anybody().get("directory", "list", "room", room).ok()["visibility"] == "public")
    }

    @Test func unknownRoomsAndValues() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        try await anybody().get("directory", "list", "room", "!unknown:localhost").fails(404, "M_NOT_FOUND")
        try await alice.put("directory", "list", "room", "!unknown:localhost", body: ["visibility": "public"]).fails(404, "M_NOT_FOUND")
        for value in ["secret", 1, .null] as [JSONValue] {
            try await alice.put("directory", "list", "room", room, body: ["visibility": value]).fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
        }
    }

    @Test func aRoomsEntry() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let (alias, name) = (unique("pub"), unique("Pub"))
        let room = try await alice.createRoom([
            "visibility": "public", "name": "\(name)", "topic": "Happy hour", "room_alias_name": "\(alias)",
            "creation_content": ["type": "m.space"],
            "initial_state": [
                ["type": "m.room.avatar", "content": ["url": "mxc://localhost/pub"]],
                ["type": "m.room.history_visibility", "content": ["history_visibility": "world_readable"]],
                ["type": "m.room.guest_access", "content": ["guest_access": "can_join"]],
            ],
        ])
        try await bob.join(room)
        let chunk = try #require(try await publicRooms(bob, ["filter": ["generic_search_term": "\(name)"]])["chunk"]?.arrayValue)
        #expect(chunk.count == 1)
        let entry = try #require(chunk.first)
        #expect(entry["room_id"]?.stringValue == room)
        #expect(entry["name"]?.stringValue == name)
        #expect(entry["topic"] == "Happy hour")
        #expect(entry["canonical_alias"]?.stringValue == "#\(alias):localhost")
        #expect(entry["num_joined_members"] == 2)
        #expect(entry["avatar_url"] == "mxc://localhost/pub")
        #expect(entry["join_rule"] == "public")
        #expect(entry["room_type"] == "m.space")
        #expect(entry["world_readable"] == true)
        #expect(entry["guest_can_join"] == true)
    }

    @Test func theLargestRoomsComeFirstPageByPage() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let word = unique("paged")
        var rooms: [String] = []
        for number in 0..<5 { rooms.append(try await alice.createRoom(["visibility": "public", "name": "\(word) \(number)"])) }
        try await bob.join(rooms[3])

        func page(_ since: String?) async throws -> JSONValue {
            var body: JSONObject = ["limit": 2, "filter": ["generic_search_term": "\(word)"]]
            body["since"] = since.map { .string($0) }
            return try await publicRooms(alice, .object(body))
        }
        var found: [String] = []
        var pages: [JSONValue] = []
        var since: String?
        repeat {
            let page = try await page(since)
            let chunk = try #require(page["chunk"]?.arrayValue)
            #expect(chunk.count <= 2)
            found += chunk.compactMap { $0["room_id"]?.stringValue }
            pages.append(page)
            since = page["next_batch"]?.stringValue
        } while since != nil && pages.count < 10
        #expect(found.first == rooms[3])
        #expect(found.count == 5 && Set(found) == Set(rooms))
        #expect(pages[0]["prev_batch"] == nil)
        let back = try #require(pages[1]["prev_batch"]?.stringValue)
        #expect(try await page(back)["chunk"] == pages[0]["chunk"])
    }

    @Test func searching() async throws {
        let alice = try await newUser("alice")
        let word = unique("Wörd")
        let byName = try await alice.createRoom(["visibility": "public", "name": "A \(word) in the name"])
        let byTopic = try await alice.createRoom([
            "visibility": "public", "topic": "A \(word) in the topic", "creation_content": ["type": "m.space"],
        ])
        _ = try await alice.createRoom(["name": "\(word) unpublished", "preset": "public_chat"])
        func search(_ filter: JSONValue) async throws -> Set<String> {
            let chunk = try #require(try await publicRooms(alice, ["filter": filter])["chunk"]?.arrayValue)
            return Set(chunk.compactMap { $0["room_id"]?.stringValue })
        }
        #expect(try await search(["generic_search_term": "\(word)"]) == [byName, byTopic])
        #expect(try await search(["generic_search_term": "\(word.lowercased())"]) == [byName, byTopic])
        #expect(try await search(["generic_search_term": "\(word)", "room_types": ["m.space"]]) == [byTopic])
        #expect(try await search(["generic_search_term": "\(word)", "room_types": [.null]]) == [byName])
        #expect(try await search(["generic_search_term": "\(word)", "room_types": [.null, "m.space"]]) == [byName, byTopic])
        #expect(try await search(["generic_search_term": "\(word) nowhere"]) == [])
    }

    @Test func anybodyReadsTheList() async throws {
        let alice = try await newUser("alice")
        _ = try await alice.createRoom(["visibility": "public"])
        let body = try await anybody().get("publicRooms", query: [("limit", "1")]).ok()
        #expect(body["chunk"]?.arrayValue?.count == 1)
        #expect(try #require(body["total_room_count_estimate"]?.integerValue) >= 1)
        try await anybody().get("publicRooms", query: [("server", "localhost"), ("limit", "1")]).ok()
    }

    @Test(
        arguments: [
            ["limit": "two"], ["limit": -1], ["since": 1], ["filter": "word"], ["filter": ["generic_search_term": 1]],
            ["filter": ["room_types": "m.space"]], ["filter": ["room_types": [1]]],
        ] as [JSONValue])
    func malformedSearchesAreRefused(_ body: JSONValue) async throws {
        let alice = try await newUser("alice")
        try await alice.post("publicRooms", body: body).fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
    }

    @Test func malformedQueriesAreRefused() async throws {
        try await anybody().get("publicRooms", query: [("limit", "two")]).fails(400, "M_INVALID_PARAM")
        try await anybody().get("publicRooms", query: [("since", "no token")]).fails(400, "M_INVALID_PARAM", "M_UNKNOWN")
    }
}
