import CanonicalJSON
import Testing

/// The errors that the specification lists for the endpoints of rooms, as they go over the wire.
@Suite(.fewAtATime) struct RoomErrorTests {
    private static let v1 = "/_matrix/client/v1"
    private static let unknownRoom = "!unknown:localhost"

    @Test func creation() async throws {
        let alice = try await newUser("alice")
        func fails(_ body: JSONValue, _ code: String) async throws { try await alice.post("createRoom", body: body).fails(400, code) }
        let name = unique("alias")
        _ = try await alice.createRoom(["room_alias_name": "\(name)"])
        try await fails(["room_alias_name": "\(name)"], "M_ROOM_IN_USE")
        try await fails(["room_version": "unknown"], "M_UNSUPPORTED_ROOM_VERSION")
        try await fails(["initial_state": [["type": "m.room.create", "content": [:]]]], "M_INVALID_ROOM_STATE")
        try await fails(["name": 1], "M_BAD_JSON")
        try await fails(
            ["invite_3pid": [["medium": "email", "address": "x@example.com", "id_server": "identity.example"]]], "M_MISSING_PARAM")
        try await fails(["invite_3pid": [["address": "x@example.com"]]], "M_MISSING_PARAM")
        try await alice.request("POST", MatrixTestClient.clientAPI + "/createRoom", body: Array("{".utf8)).fails(400, "M_NOT_JSON")
    }

    @Test func membership() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        try await bob.post("rooms", room, "join").fails(403, "M_FORBIDDEN")
        try await bob.post("join", room).fails(403, "M_FORBIDDEN")
        try await bob.post("join", Self.unknownRoom).fails(404, "M_NOT_FOUND")
        try await bob.post("knock", room).fails(403, "M_FORBIDDEN")
        try await bob.post("knock", Self.unknownRoom).fails(404, "M_NOT_FOUND")
        try await alice.post("rooms", room, "forget").fails(400, "M_UNKNOWN")
        for action in ["invite", "kick", "ban", "unban"] {
            try await bob.post("rooms", room, action, body: ["user_id": "\(alice.userID)"]).fails(403, "M_FORBIDDEN")
            try await alice.post("rooms", room, action).fails(400, "M_MISSING_PARAM")
            try await alice.post("rooms", room, action, body: ["user_id": 1]).fails(400, "M_BAD_JSON")
            let path = "\(MatrixTestClient.clientAPI)/rooms/\(MatrixTestClient.encoded(room))/\(action)"
            try await alice.request("POST", path, body: Array("[".utf8)).fails(400, "M_NOT_JSON")
        }
        try await alice.invite(bob, to: room)
        try await bob.join(room)
        try await alice.post("rooms", room, "invite", body: ["user_id": "\(bob.userID)"]).fails(403, "M_FORBIDDEN")
        try await bob.post("knock", room).fails(403, "M_FORBIDDEN")
        try await bob.post("rooms", room, "join", body: ["third_party_signed": ["mxid": "\(bob.userID)"]]).fails(400, "M_BAD_JSON")
    }

    /// An invite by address, where the identity server is one that no requests are made to.
    @Test func thirdPartyInvites() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        var body: JSONObject = ["medium": "email", "address": "x@example.com", "id_server": "127.0.0.1:1", "id_access_token": "abc"]
        try await alice.post("rooms", room, "invite", body: .object(body)).fails(400, "M_SERVER_NOT_TRUSTED")
        try await newUser("carol").post("rooms", room, "invite", body: .object(body)).fails(403, "M_FORBIDDEN")
        body["id_server"] = "not a server"
        try await alice.post("rooms", room, "invite", body: .object(body)).fails(400, "M_BAD_JSON")
        for name in ["id_server", "id_access_token", "address"] {
            var less = body
            less["id_server"] = "127.0.0.1:1"
            less[name] = nil
            try await alice.post("rooms", room, "invite", body: .object(less)).fails(400, "M_MISSING_PARAM")
        }
    }

    @Test func reading() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        let event = try await alice.send("hello", to: room)
        for room in [room, Self.unknownRoom] {
            for path in [["state"], ["state", "m.room.create"], ["members"], ["joined_members"], ["aliases"], ["initialSync"]] {
                let target = "\(MatrixTestClient.clientAPI)/rooms/\(MatrixTestClient.encoded(room))/\(path.joined(separator: "/"))"
                try await bob.request("GET", target).fails(403, "M_FORBIDDEN")
            }
            try await bob.get("rooms", room, "messages", query: [("dir", "b")]).fails(403, "M_FORBIDDEN")
            try await bob.get("rooms", room, "event", event).fails(404, "M_NOT_FOUND")
            try await bob.get("rooms", room, "context", event).fails(404, "M_NOT_FOUND")
            for path in [[event], [event, "m.thread"], [event, "m.thread", "m.room.message"]] {
                let target = "\(Self.v1)/rooms/\(MatrixTestClient.encoded(room))/relations/\(path.joined(separator: "/"))"
                try await bob.request("GET", target).fails(404, "M_NOT_FOUND")
            }
            try await bob.get("rooms", room, "threads", api: Self.v1).fails(403, "M_FORBIDDEN")
            try await bob.get("rooms", room, "hierarchy", api: Self.v1).fails(403, "M_FORBIDDEN")
            try await bob.get("room_summary", room, api: Self.v1).fails(404, "M_NOT_FOUND")
            try await bob.get("rooms", room, "timestamp_to_event", query: [("ts", "1"), ("dir", "f")], api: Self.v1)
                .fails(403, "M_FORBIDDEN")
        }
        try await alice.get("rooms", room, "state", "org.example").fails(404, "M_NOT_FOUND")
        try await alice.get("rooms", room, "threads", query: [("from", "nonsense")], api: Self.v1).fails(400, "M_INVALID_PARAM")
        try await alice.get("rooms", room, "threads", query: [("include", "some")], api: Self.v1).fails(400, "M_INVALID_PARAM")
        try await alice.get("rooms", room, "hierarchy", query: [("from", "nonsense")], api: Self.v1).fails(400, "M_INVALID_PARAM")
        try await alice.get("rooms", room, "hierarchy", query: [("max_depth", "-1")], api: Self.v1).fails(400, "M_INVALID_PARAM")
        try await alice.get("rooms", room, "timestamp_to_event", query: [("ts", "9999999999999"), ("dir", "f")], api: Self.v1)
            .fails(404, "M_NOT_FOUND")
        try await alice.get("rooms", room, "members", query: [("membership", "unknown")]).fails(400, "M_INVALID_PARAM")
        try await alice.get("rooms", room, "members", query: [("at", "nonsense")]).fails(400, "M_INVALID_PARAM")
        try await alice.get("rooms", "nonsense", "aliases").fails(400, "M_INVALID_PARAM")
        try await alice.get("mutual_rooms", query: [("user_id", alice.userID)], api: Self.v1).fails(400, "M_INVALID_PARAM")
        try await alice.get("mutual_rooms", query: [("user_id", "nonsense")], api: Self.v1).fails(400, "M_INVALID_PARAM")
        try await alice.get("mutual_rooms", query: [("user_id", "@ü:example.org")], api: Self.v1).fails(400, "M_INVALID_PARAM")
        try await alice.get("mutual_rooms", api: Self.v1).fails(400, "M_INVALID_PARAM")
        try await alice.get("mutual_rooms", query: [("user_id", "@x:y"), ("from", "nonsense")], api: Self.v1).fails(400, "M_INVALID_PARAM")
        try await alice.get("rooms", room, "hierarchy", query: [("from", "nonsense")], api: Self.v1).fails(400, "M_INVALID_PARAM")
        let search: JSONValue = ["search_categories": ["room_events": ["search_term": "x"]]]
        try await alice.post("search", query: [("next_batch", "nonsense")], body: search).fails(400, "M_INVALID_PARAM")
        try await alice.post("search", body: ["search_categories": ["room_events": [:]]]).fails(400, "M_MISSING_PARAM")
        try await alice.post("search").fails(400, "M_MISSING_PARAM")
    }

    @Test func writing() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let event = try await alice.send("hello", to: room)
        try await bob.put("rooms", room, "state", "m.room.name", body: ["name": "x"]).fails(403, "M_FORBIDDEN")
        try await alice.put("rooms", room, "state", "m.room.canonical_alias", body: ["alias": "#unknown:localhost"]).fails(
            400, "M_BAD_ALIAS")
        try await alice.put("rooms", room, "state", "m.room.canonical_alias", body: ["alias": "nonsense"]).fails(400, "M_INVALID_PARAM")
        let reaction: JSONValue = ["m.relates_to": ["rel_type": "m.annotation", "event_id": "\(event)", "key": "👍"]]
        try await bob.put("rooms", room, "send", "m.reaction", unique("t"), body: reaction).ok()
        try await bob.put("rooms", room, "send", "m.reaction", unique("t"), body: reaction).fails(400, "M_DUPLICATE_ANNOTATION")
        try await bob.put("rooms", room, "redact", event, unique("t"), body: [:]).fails(403, "M_FORBIDDEN")
        try await bob.put("rooms", room, "redact", "$unknown", unique("t"), body: [:]).fails(404, "M_NOT_FOUND")
        try await bob.post("rooms", room, "upgrade", body: ["new_version": "12"]).fails(403, "M_FORBIDDEN")
        try await alice.post("rooms", room, "upgrade", body: ["new_version": "unknown"]).fails(400, "M_UNSUPPORTED_ROOM_VERSION")
        try await alice.post("rooms", room, "upgrade").fails(400, "M_MISSING_PARAM")
        try await alice.put("rooms", room, "state", "m.room.server_acl", body: ["allow": []]).fails(400, "M_UNKNOWN")
    }

    @Test func directory() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let alias = "#\(unique("alias")):localhost"
        try await alice.put("directory", "room", alias, body: ["room_id": "\(room)"]).ok()
        try await alice.put("directory", "room", alias, body: ["room_id": "\(room)"]).fails(409, "M_UNKNOWN")
        for method in ["GET", "PUT"] {
            let body = method == "PUT" ? Array(#"{"room_id":"\#(room)"}"#.utf8) : nil
            try await alice.request(method, MatrixTestClient.clientAPI + "/directory/room/nonsense", body: body).fails(
                400, "M_INVALID_PARAM")
        }
        try await alice.get("directory", "room", "#unknown:localhost").fails(404, "M_NOT_FOUND")
        try await alice.delete("directory", "room", "#unknown:localhost").fails(404, "M_NOT_FOUND")
        try await alice.get("directory", "list", "room", Self.unknownRoom).fails(404, "M_NOT_FOUND")
        try await alice.put("directory", "list", "room", Self.unknownRoom, body: ["visibility": "public"]).fails(404, "M_NOT_FOUND")
    }

    @Test func accountData() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        for path in [["account_data"], ["rooms", MatrixTestClient.encoded(room), "account_data"]] {
            let own = "\(MatrixTestClient.clientAPI)/user/\(MatrixTestClient.encoded(alice.userID))/\(path.joined(separator: "/"))/"
            try await alice.request("GET", own + "org.unset").fails(404, "M_NOT_FOUND")
            try await bob.request("GET", own + "org.unset").fails(403, "M_FORBIDDEN")
            try await bob.request("PUT", own + "org.example", body: Array("{}".utf8)).fails(403, "M_FORBIDDEN")
            try await alice.request("PUT", own + "org.example", body: Array("{".utf8)).fails(400, "M_NOT_JSON")
            try await alice.request("PUT", own + "org.example", body: Array("[]".utf8)).fails(400, "M_BAD_JSON")
            try await alice.request("PUT", own + "m.fully_read", body: Array("{}".utf8)).fails(405, "M_BAD_JSON")
        }
        try await alice.get("user", alice.userID, "rooms", "nonsense", "account_data", "org.example").fails(400, "M_INVALID_PARAM")
        try await alice.put("user", alice.userID, "rooms", "nonsense", "account_data", "org.example", body: [:]).fails(
            400, "M_INVALID_PARAM")
        try await bob.get("user", alice.userID, "rooms", room, "tags").fails(403, "M_FORBIDDEN")
        try await bob.put("user", alice.userID, "rooms", room, "tags", "u.work", body: [:]).fails(403, "M_FORBIDDEN")
        try await bob.delete("user", alice.userID, "rooms", room, "tags", "u.work").fails(403, "M_FORBIDDEN")
        for room in [room, Self.unknownRoom] {
            try await bob.put("user", bob.userID, "rooms", room, "tags", "u.work", body: [:]).fails(403, "M_FORBIDDEN")
        }
    }
}
