import CanonicalJSON
import Testing

/// Requests to the endpoints of rooms that are refused before it matters what they ask for: by whom they come, for which room, with what body.
@Suite(.fewAtATime) struct RoomRequestTests {
    struct Endpoint: Sendable, CustomTestStringConvertible {
        let method: String
        /// Below `/_matrix/client`; `{r}` stands for a room, `{e}` for an event, `{u}` for the user.
        let path: String
        /// A good one; nil where none is looked at.
        var body: JSONObject?

        init(_ method: String, _ path: String, _ body: JSONObject? = nil) {
            self.method = method
            self.path = path
            self.body = body
        }

        var testDescription: String { "\(method) \(path)" }

        var ofRoom: Bool { path.contains("{r}") }

        func request(by client: MatrixTestClient, room: String, event: String = "$e", body: [UInt8]? = nil) async throws -> Response {
            let parts = path.split(separator: "?")
            var target = "/_matrix/client/\(parts[0])"
            for (name, value) in ["{r}": room, "{e}": event, "{u}": client.userID.isEmpty ? "@u:localhost" : client.userID] {
                target = target.split(separator: name, omittingEmptySubsequences: false).joined(separator: MatrixTestClient.encoded(value))
            }
            if parts.count > 1 { target += "?\(parts[1])" }
            return try await client.request(method, target, body: body ?? self.body.map { JSONValue.object($0).encoded() })
        }
    }

    private static let user: JSONObject = ["user_id": "@x:localhost"]
    private static let search: JSONObject = ["search_categories": ["room_events": ["search_term": "x"]]]

    static let endpoints = [
        Endpoint("POST", "v3/createRoom", [:]), Endpoint("POST", "v3/rooms/{r}/upgrade", ["new_version": "11"]),
        Endpoint("POST", "v3/join/{r}", [:]), Endpoint("POST", "v3/rooms/{r}/join", [:]), Endpoint("POST", "v3/knock/{r}", [:]),
        Endpoint("POST", "v3/rooms/{r}/invite", user), Endpoint("POST", "v3/rooms/{r}/leave", [:]),
        Endpoint("POST", "v3/rooms/{r}/forget"), Endpoint("POST", "v3/rooms/{r}/kick", user),
        Endpoint("POST", "v3/rooms/{r}/ban", user), Endpoint("POST", "v3/rooms/{r}/unban", user), Endpoint("GET", "v3/joined_rooms"),
        Endpoint("PUT", "v3/rooms/{r}/send/m.room.message/t", [:]), Endpoint("PUT", "v3/rooms/{r}/redact/{e}/t", [:]),
        Endpoint("PUT", "v3/rooms/{r}/state/org.example", [:]), Endpoint("PUT", "v3/rooms/{r}/state/org.example/key", [:]),
        Endpoint("GET", "v3/rooms/{r}/state"), Endpoint("GET", "v3/rooms/{r}/state/m.room.create"),
        Endpoint("GET", "v3/rooms/{r}/state/m.room.member/{u}"), Endpoint("GET", "v3/rooms/{r}/event/{e}"),
        Endpoint("GET", "v3/rooms/{r}/context/{e}"), Endpoint("GET", "v3/rooms/{r}/members"),
        Endpoint("GET", "v3/rooms/{r}/joined_members"),
        Endpoint("GET", "v3/rooms/{r}/messages?dir=b"), Endpoint("GET", "v1/rooms/{r}/timestamp_to_event?ts=1&dir=f"),
        Endpoint("GET", "v1/rooms/{r}/relations/{e}"), Endpoint("GET", "v1/rooms/{r}/relations/{e}/m.thread"),
        Endpoint("GET", "v1/rooms/{r}/relations/{e}/m.thread/m.room.message"), Endpoint("GET", "v1/rooms/{r}/threads"),
        Endpoint("GET", "v1/rooms/{r}/hierarchy"), Endpoint("GET", "v1/mutual_rooms?user_id=@x:localhost"),
        Endpoint("POST", "v3/search", search), Endpoint("POST", "v3/publicRooms", [:]),
        Endpoint("PUT", "v3/directory/list/room/{r}", ["visibility": "public"]), Endpoint("GET", "v3/rooms/{r}/aliases"),
        Endpoint("PUT", "v3/directory/room/%23none:localhost", ["room_id": "!none:localhost"]),
        Endpoint("DELETE", "v3/directory/room/%23none:localhost"), Endpoint("POST", "v3/rooms/{r}/report", ["reason": "rude"]),
        Endpoint("POST", "v3/rooms/{r}/report/{e}", ["reason": "rude"]),
        Endpoint("POST", "v3/users/@x:localhost/report", ["reason": "rude"]),
        Endpoint("POST", "v3/rooms/{r}/receipt/m.read/{e}", [:]), Endpoint("POST", "v3/rooms/{r}/read_markers", [:]),
        Endpoint("PUT", "v3/rooms/{r}/typing/{u}", ["typing": false]), Endpoint("GET", "v3/user/{u}/rooms/{r}/tags"),
        Endpoint("PUT", "v3/user/{u}/rooms/{r}/tags/work", [:]), Endpoint("DELETE", "v3/user/{u}/rooms/{r}/tags/work"),
        Endpoint("GET", "v3/user/{u}/rooms/{r}/account_data/org.example"),
        Endpoint("PUT", "v3/user/{u}/rooms/{r}/account_data/org.example", [:]), Endpoint("GET", "v3/events?timeout=0"),
        Endpoint("GET", "v3/events/{e}"), Endpoint("GET", "v3/initialSync"), Endpoint("GET", "v3/rooms/{r}/initialSync"),
        Endpoint("POST", "v3/user_directory/search", ["search_term": "x"]), Endpoint("GET", "v3/presence/@x:localhost/status"),
        Endpoint("PUT", "v3/presence/{u}/status", ["presence": "online"]), Endpoint("GET", "v3/thirdparty/protocols"),
        Endpoint("GET", "v3/thirdparty/protocol/irc"), Endpoint("GET", "v3/thirdparty/location/irc"),
        Endpoint("GET", "v3/thirdparty/user/irc"),
        Endpoint("GET", "v3/thirdparty/location?alias=%23a:localhost"), Endpoint("GET", "v3/thirdparty/user?userid=@x:localhost"),
    ]

    @Test(arguments: endpoints)
    func tokensAreAskedFor(_ endpoint: Endpoint) async throws {
        try await endpoint.request(by: anybody(), room: "!r:localhost").fails(401, "M_MISSING_TOKEN")
        try await endpoint.request(by: anybody().with(accessToken: "unknown"), room: "!r:localhost").fails(401, "M_UNKNOWN_TOKEN")
    }

    @Test(arguments: endpoints.filter(\.ofRoom))
    func roomsHaveIDs(_ endpoint: Endpoint) async throws {
        let alice = try await newUser("alice")
        for room in ["nonsense", "#alias-that-is-none", "@user:localhost"] {
            try await endpoint.request(by: alice, room: room).fails(400, "M_INVALID_PARAM")
        }
    }

    @Test(arguments: endpoints.filter { $0.body != nil })
    func bodiesAreObjects(_ endpoint: Endpoint) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom(["preset": "public_chat"])
        let event = try await alice.send("hello", to: room)
        try await endpoint.request(by: alice, room: room, event: event, body: Array("{".utf8)).fails(400, "M_NOT_JSON")
        try await endpoint.request(by: alice, room: room, event: event, body: Array("[]".utf8)).fails(400, "M_BAD_JSON")
        #expect(try await alice.membership(of: alice, in: room) == "join")
    }

    /// Who is banned reads only what was to be read before, and nothing else of the room.
    @Test func whoIsBannedIsRefused() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom([
            "preset": "private_chat",
            "initial_state": [
                ["type": "m.room.join_rules", "content": ["join_rule": "knock"]]
            ],
        ])
        try await alice.post("rooms", room, "ban", body: ["user_id": "\(bob.userID)"]).ok()
        let event = try await alice.send("secret", to: room)
        try await alice.post("rooms", room, "invite", body: ["user_id": "\(bob.userID)"]).fails(403, "M_FORBIDDEN")
        for path in [
            "v3/rooms/{r}/join", "v3/join/{r}", "v3/knock/{r}", "v3/rooms/{r}/state", "v3/rooms/{r}/state/m.room.member/{u}",
            "v3/rooms/{r}/members", "v3/rooms/{r}/joined_members",
            "v3/rooms/{r}/messages?dir=b", "v3/rooms/{r}/aliases", "v3/rooms/{r}/initialSync", "v3/rooms/{r}/read_markers",
            "v1/rooms/{r}/threads", "v3/rooms/{r}/send/m.room.message/t", "v3/rooms/{r}/upgrade",
        ] {
            let endpoint = try #require(Self.endpoints.first { $0.path == path })
            try await endpoint.request(by: bob, room: room, event: event).fails(403, "M_FORBIDDEN")
        }
    }

    @Test func tagsAreSetAndTakenAway() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        try await alice.put("user", alice.userID, "rooms", room, "tags", "u.work", body: ["order": 0.5]).ok()
        #expect(try await alice.get("user", alice.userID, "rooms", room, "tags").ok() == ["tags": ["u.work": ["order": 0.5]]])
        for _ in 0..<2 { #expect(try await alice.delete("user", alice.userID, "rooms", room, "tags", "u.work").ok() == [:]) }
        #expect(try await alice.get("user", alice.userID, "rooms", room, "tags").ok() == ["tags": [:]])
    }

    @Test func parametersOfReadingAreChecked() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom(["creation_content": ["type": "m.space"]])
        for _ in 0..<2 {
            let child = try await alice.createRoom(["preset": "public_chat"])
            try await alice.setState("m.space.child", child, in: room, to: ["via": ["localhost"]])
        }
        let v1 = "/_matrix/client/v1"
        let first = try await alice.get("rooms", room, "hierarchy", query: [("limit", "1"), ("max_depth", "2")], api: v1).ok()
        let next = try #require(first["next_batch"]?.stringValue)
        for changed in [("max_depth", "1"), ("suggested_only", "true")] {
            try await alice.get("rooms", room, "hierarchy", query: [("from", next), ("limit", "1"), changed], api: v1)
                .fails(400, "M_INVALID_PARAM")
        }
        for query in [[("ts", "1")], [("dir", "f")], [("ts", "now"), ("dir", "f")], [("ts", "1"), ("dir", "x")]] {
            try await alice.get("rooms", room, "timestamp_to_event", query: query, api: v1).fails(400, "M_MISSING_PARAM", "M_INVALID_PARAM")
        }
        for query in [[("dir", "x")], [("dir", "b"), ("limit", "x")], [("dir", "b"), ("from", "x")], [("dir", "b"), ("filter", "[]")]] {
            try await alice.get("rooms", room, "messages", query: query).fails(400, "M_INVALID_PARAM", "M_BAD_JSON", "M_NOT_JSON")
        }
        for events in [
            ["search_term": 1], ["search_term": "x", "order_by": "size"], ["search_term": "x", "keys": ["content.none"]],
            ["search_term": "x", "filter": ["limit": "x"]], ["search_term": "x", "groupings": []],
            ["search_term": "x", "groupings": ["group_by": "sender"]], ["search_term": "x", "include_state": "yes"],
            ["search_term": "x", "event_context": ["include_profile": 1]], ["search_term": "x", "event_context": ["before_limit": -1]],
        ] as [JSONValue] {
            try await alice.post("search", body: ["search_categories": ["room_events": events]]).fails(400, "M_BAD_JSON", "M_INVALID_PARAM")
        }
    }

    @Test func profilesAliasesAndUpgradesAreChecked() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        try await alice.delete("profile", alice.userID, "Not a field").fails(400, "M_INVALID_PARAM")
        let path = "\(MatrixTestClient.clientAPI)/profile/\(MatrixTestClient.encoded(alice.userID))/displayname"
        try await alice.request("PUT", path, body: Array("{".utf8)).fails(400, "M_NOT_JSON")
        try await alice.request("PUT", path, body: Array("[]".utf8)).fails(400, "M_BAD_JSON")
        try await alice.delete("directory", "room", "nonsense").fails(400, "M_INVALID_PARAM")
        let room = try await alice.createRoom()
        for room in [room, "!unknown:localhost"] {
            try await bob.post("rooms", room, "upgrade", body: ["new_version": "11"]).fails(403, "M_FORBIDDEN")
        }
        try await alice.post(
            "createRoom",
            body: [
                "room_version": "11", "name": "A name", "power_level_content_override": ["users": ["\(alice.userID)": 0]],
            ]
        ).fails(400, "M_INVALID_ROOM_STATE")
    }
}
