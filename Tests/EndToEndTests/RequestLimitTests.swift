import CanonicalJSON
import TestSupport
import Testing

/// "Rate limiting": the endpoints for which the specification lists an answer 429, on a server that lets everybody make three requests.
@Suite(.fewAtATime) struct RequestLimitTests {
    private static let endpoints = [
        "POST v3/account/3pid/add", "POST v3/account/3pid/bind", "POST v3/account/deactivate", "POST v3/account/password",
        "GET v3/account/whoami", "GET v3/capabilities", "GET v3/rooms/!r:localhost/aliases", "POST v3/rooms/!r:localhost/invite",
        "POST v3/rooms/!r:localhost/join", "POST v3/join/!r:localhost", "POST v3/knock/!r:localhost", "POST v3/rooms/!r:localhost/leave",
        "POST v3/rooms/!r:localhost/forget", "POST v1/login/get_token", "GET v1/mutual_rooms",
        "POST v3/user/@u:localhost/openid/request_token",
        "PUT v3/presence/@u:localhost/status", "PUT v3/profile/@u:localhost/displayname", "DELETE v3/profile/@u:localhost/displayname",
        "POST v3/pushers/set", "PUT v3/pushrules/global/override/r", "POST v3/rooms/!r:localhost/read_markers",
        "POST v3/rooms/!r:localhost/receipt/m.read/$e", "POST v3/rooms/!r:localhost/report", "POST v3/users/@u:localhost/report",
        "GET v1/rooms/!r:localhost/timestamp_to_event", "POST v3/search", "GET v1/rooms/!r:localhost/hierarchy",
        "GET v1/rooms/!r:localhost/threads", "PUT v3/rooms/!r:localhost/typing/@u:localhost", "POST v3/user_directory/search",
        "GET v3/voip/turnServer", "POST v3/room_keys/version", "GET v3/room_keys/version", "GET v3/room_keys/version/1",
        "PUT v3/room_keys/version/1", "DELETE v3/room_keys/version/1", "PUT v3/room_keys/keys", "GET v3/room_keys/keys",
        "DELETE v3/room_keys/keys", "PUT v3/room_keys/keys/!r:localhost", "GET v3/room_keys/keys/!r:localhost",
        "DELETE v3/room_keys/keys/!r:localhost", "PUT v3/room_keys/keys/!r:localhost/s", "GET v3/room_keys/keys/!r:localhost/s",
        "DELETE v3/room_keys/keys/!r:localhost/s",
    ]
    /// Those that need no access token.
    private static let openEndpoints = [
        "GET v3/login", "POST v3/login", "POST v3/refresh", "POST v3/register", "GET v3/register/available",
        "GET v1/register/m.login.registration_token/validity",
    ]

    @Test func requestsThatComeTooOftenAreRefused() async throws {
        var options = ServerProcess.Options()
        options.environment["MARTLET_RATE_LIMITS__REQUESTS"] = "3 + 0.001/s"
        let server = try await ServerProcess.start(options: options)
        // All three of the address are needed for the registration.
        let alice = try await server.newUser("alice")
        func isRefused(_ endpoint: String) async throws {
            let words = endpoint.split(separator: " ")
            let response = try await alice.request(
                String(words[0]), "/_matrix/client/\(words[1])", body: words[0].hasPrefix("P") ? Array("{}".utf8) : nil)
            response.fails(429, "M_LIMIT_EXCEEDED")
            let milliseconds = try #require(response.body["retry_after_ms"]?.integerValue)
            let seconds = try #require(response.headers["retry-after"].flatMap { Int64($0) })
            #expect(milliseconds > 0 && (seconds * 1000 - 999...seconds * 1000).contains(milliseconds))
        }
        for endpoint in Self.openEndpoints { try await isRefused(endpoint) }
        for _ in 0..<3 { try await alice.get("account", "whoami").ok() }
        for endpoint in Self.endpoints { try await isRefused(endpoint) }
        // What has a limit of its own, or none, goes on.
        let room = try await alice.createRoom()
        try await alice.send("hello", to: room)
        try await alice.get("sync").ok()
    }

    @Test func eventsThatComeTooOftenAreRefused() async throws {
        var options = ServerProcess.Options()
        options.environment["MARTLET_RATE_LIMITS__MESSAGES"] = "1 + 0.001/s"
        let server = try await ServerProcess.start(options: options)
        let alice = try await server.newUser("alice")
        let room = try await alice.createRoom()
        let event = try await alice.send("hello", to: room)
        let responses = [
            try await alice.put("rooms", room, "send", "m.room.message", "t", body: ["body": "again"]),
            try await alice.put("rooms", room, "redact", event, "t", body: [:]),
            try await alice.put("rooms", room, "state", "org.example", body: [:]),
            try await alice.put("rooms", room, "state", "org.example", "key", body: [:]),
        ]
        for response in responses {
            response.fails(429, "M_LIMIT_EXCEEDED")
            #expect(response.headers["retry-after"] != nil)
        }
    }
}
