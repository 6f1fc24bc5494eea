import CanonicalJSON
import Testing

/// What holds for every request: paths and methods, access tokens, CORS.
@Suite(.fewAtATime) struct RequestTests {
    @Test(arguments: [
        "/_matrix/client/v3/unknown", "/_matrix/client/unstable/org.example/unknown", "/_matrix/federation/v1/unknown",
        "/_matrix/key/v2/unknown",
        "/_matrix/media/v3/unknown", "/_matrix/unknown", "/_matrix/client/v3/rooms/!a:localhost/unknown", "/_matrix/client/v3/sync/more",
        "/_synapse/unknown", "/unknown",
    ])
    func unknownPathsAre404(_ path: String) async throws {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            try await anybody().request(method, path, body: method == "GET" ? nil : Array("{}".utf8)).fails(404, "M_UNRECOGNIZED")
        }
    }

    @Test(arguments: [
        ("DELETE", "/_matrix/client/versions"), ("POST", "/_matrix/client/v3/sync"), ("PATCH", "/_matrix/client/v3/login"),
        ("GET", "/_matrix/client/v3/createRoom"), ("GET", "/_matrix/client/v3/rooms/!a:localhost/join"),
        ("POST", "/_matrix/client/v3/rooms/!a:localhost/send/m.room.message/1"),
        ("DELETE", "/_matrix/client/v3/rooms/!a:localhost/state/m.room.name"), ("PUT", "/_matrix/client/v3/account/whoami"),
        ("DELETE", "/_matrix/client/v3/publicRooms"), ("GET", "/_matrix/client/v3/logout"),
    ])
    func knownPathsWithAnotherMethodAre405(_ method: String, _ path: String) async throws {
        try await anybody().request(method, path).fails(405, "M_UNRECOGNIZED")
    }

    @Test func r0IsAnAlias() async throws {
        let alice = try await newUser("alice")
        try await alice.get("account", "whoami", api: "/_matrix/client/r0").ok()
        let room = try #require(try await alice.post("createRoom", api: "/_matrix/client/r0").ok()["room_id"]?.stringValue)
        try await alice.get("rooms", room, "state", api: "/_matrix/client/r0").ok()
        try await alice.get("sync", api: "/_matrix/client/r0").ok()
        try await anybody().get("login", api: "/_matrix/client/r0").ok()
    }

    @Test func anEmptyBodyIsAnEmptyObject() async throws {
        let alice = try await newUser("alice")
        let created = try await alice.request("POST", "/_matrix/client/v3/createRoom").ok()
        let room = try #require(created["room_id"]?.stringValue)
        let path = "/_matrix/client/v3/rooms/\(MatrixTestClient.encoded(room))"
        try await alice.request("POST", "\(path)/leave", body: []).ok()
        try await alice.request("POST", "\(path)/forget").ok()
        try await alice.request("POST", "/_matrix/client/v3/logout").ok()
    }

    @Test func authenticationComesBeforeTheBody() async throws {
        let notJSON = Array("{".utf8)
        for (method, path) in [
            ("POST", "/_matrix/client/v3/createRoom"), ("PUT", "/_matrix/client/v3/rooms/!a:localhost/send/m.room.message/1"),
            ("PUT", "/_matrix/client/v3/user/@a:localhost/account_data/x"), ("POST", "/_matrix/client/v3/user/@a:localhost/filter"),
        ] {
            try await anybody().request(method, path, body: notJSON).fails(401, "M_MISSING_TOKEN")
            try await anybody().with(accessToken: "unknown").request(method, path, body: notJSON).fails(401, "M_UNKNOWN_TOKEN")
        }
    }

    @Test(arguments: [
        ("GET", "/_matrix/client/v3/sync"), ("GET", "/_matrix/client/v3/account/whoami"), ("POST", "/_matrix/client/v3/logout"),
        ("POST", "/_matrix/client/v3/logout/all"), ("POST", "/_matrix/client/v3/createRoom"),
        ("POST", "/_matrix/client/v3/join/!a:localhost"),
        ("POST", "/_matrix/client/v3/rooms/!a:localhost/join"), ("POST", "/_matrix/client/v3/rooms/!a:localhost/invite"),
        ("POST", "/_matrix/client/v3/rooms/!a:localhost/leave"), ("POST", "/_matrix/client/v3/rooms/!a:localhost/kick"),
        ("POST", "/_matrix/client/v3/rooms/!a:localhost/ban"), ("POST", "/_matrix/client/v3/rooms/!a:localhost/unban"),
        ("POST", "/_matrix/client/v3/rooms/!a:localhost/forget"), ("GET", "/_matrix/client/v3/joined_rooms"),
        ("PUT", "/_matrix/client/v3/rooms/!a:localhost/send/m.room.message/1"), ("GET", "/_matrix/client/v3/rooms/!a:localhost/state"),
        ("GET", "/_matrix/client/v3/rooms/!a:localhost/state/m.room.name"),
        ("PUT", "/_matrix/client/v3/rooms/!a:localhost/state/m.room.name/"),
        ("GET", "/_matrix/client/v3/rooms/!a:localhost/event/$a"), ("GET", "/_matrix/client/v3/rooms/!a:localhost/members"),
        ("GET", "/_matrix/client/v3/rooms/!a:localhost/joined_members"), ("GET", "/_matrix/client/v3/rooms/!a:localhost/messages"),
        ("PUT", "/_matrix/client/v3/rooms/!a:localhost/redact/$a/1"), ("GET", "/_matrix/client/v3/rooms/!a:localhost/aliases"),
        ("PUT", "/_matrix/client/v3/directory/room/%23a:localhost"), ("DELETE", "/_matrix/client/v3/directory/room/%23a:localhost"),
        ("PUT", "/_matrix/client/v3/directory/list/room/!a:localhost"), ("POST", "/_matrix/client/v3/publicRooms"),
        ("PUT", "/_matrix/client/v3/profile/@a:localhost/displayname"), ("DELETE", "/_matrix/client/v3/profile/@a:localhost/displayname"),
        ("GET", "/_matrix/client/v3/user/@a:localhost/account_data/x"), ("PUT", "/_matrix/client/v3/user/@a:localhost/account_data/x"),
        ("GET", "/_matrix/client/v3/user/@a:localhost/rooms/!a:localhost/account_data/x"),
        ("PUT", "/_matrix/client/v3/user/@a:localhost/rooms/!a:localhost/account_data/x"),
        ("POST", "/_matrix/client/v3/user/@a:localhost/filter"), ("GET", "/_matrix/client/v3/user/@a:localhost/filter/0"),
    ])
    func tokensAreAskedFor(_ method: String, _ path: String) async throws {
        let body = method == "GET" || method == "DELETE" ? nil : Array("{}".utf8)
        try await anybody().request(method, path, body: body).fails(401, "M_MISSING_TOKEN")
        try await anybody().with(accessToken: "unknown").request(method, path, body: body).fails(401, "M_UNKNOWN_TOKEN")
    }

    @Test func slashesMayStandInSegments() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        try await alice.setState("org.example/type", "key/with/slashes %41 ?#é", in: room, to: ["value": 1])
        #expect(try await alice.state("org.example/type", "key/with/slashes %41 ?#é", in: room) == ["value": 1])
        let first = try await alice.put("rooms", room, "send", "m.room.message", "a/b", body: ["msgtype": "m.text", "body": "1"]).ok()
        let second = try await alice.put("rooms", room, "send", "m.room.message", "a/b", body: ["msgtype": "m.text", "body": "1"]).ok()
        #expect(first == second)
    }

    @Test func brokenPercentEncodingIsAnErrorOfTheClient() async throws {
        let alice = try await newUser("alice")
        for segment in ["%zz", "%", "%ff%fe", "%00"] {
            let response = try await alice.request("GET", "/_matrix/client/v3/rooms/\(segment)/state")
            #expect((400..<500).contains(response.status))
            #expect(response.body["errcode"]?.stringValue?.hasPrefix("M_") == true)
        }
    }

    @Test func everyAnswerAllowsOtherOrigins() async throws {
        let alice = try await newUser("alice")
        for response in [
            try await alice.get("account", "whoami"), try await anybody().get("account", "whoami"), try await anybody().get("unknown"),
            try await anybody().request("OPTIONS", "/_matrix/client/v3/rooms/!a:localhost/send/m.room.message/1"),
            try await anybody().request("OPTIONS", "/_matrix/client/v3/login"),
        ] {
            #expect(response.headers["access-control-allow-origin"] == "*", "\(response.request)")
        }
        let preflight = try await anybody().request("OPTIONS", "/_matrix/client/v3/login")
        #expect([200, 204].contains(preflight.status))
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
            #expect(preflight.headers["access-control-allow-methods"]?.contains(method) == true)
        }
        for header in ["Content-Type", "Authorization"] {
            #expect(preflight.headers["access-control-allow-headers"]?.contains(header) == true)
        }
    }
}
