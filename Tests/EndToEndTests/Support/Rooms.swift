import CanonicalJSON
import Testing

extension MatrixTestClient {
    /// Creates a room; its ID.
    func createRoom(_ body: JSONValue = [:], sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let answer = try await post("createRoom", body: body).ok(sourceLocation: sourceLocation)
        return try #require(answer["room_id"]?.stringValue, sourceLocation: sourceLocation)
    }

    /// Creates a room that all of `others` have joined; its ID.
    func createRoom(
        with others: MatrixTestClient..., version: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        var body: JSONObject = ["preset": "public_chat"]
        body["room_version"] = version.map { .string($0) }
        let room = try await createRoom(.object(body), sourceLocation: sourceLocation)
        for other in others { try await other.join(room, sourceLocation: sourceLocation) }
        return room
    }

    /// Joins a room by its ID.
    func join(_ room: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await post("rooms", room, "join").ok(sourceLocation: sourceLocation)
    }

    /// Leaves a room.
    func leave(_ room: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await post("rooms", room, "leave").ok(sourceLocation: sourceLocation)
    }

    /// Invites a user.
    func invite(_ user: MatrixTestClient, to room: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await post("rooms", room, "invite", body: ["user_id": "\(user.userID)"]).ok(sourceLocation: sourceLocation)
    }

    /// Sends a text message; its event ID.
    @discardableResult
    func send(_ text: String, to room: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let answer = try await put(
            "rooms", room, "send", "m.room.message", unique("transaction"), body: ["msgtype": "m.text", "body": "\(text)"])
        return try #require(answer.ok(sourceLocation: sourceLocation)["event_id"]?.stringValue, sourceLocation: sourceLocation)
    }

    /// Sets a piece of state; its event ID.
    @discardableResult
    func setState(
        _ type: String, _ key: String = "", in room: String, to content: JSONValue, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let answer = try await put("rooms", room, "state", type, key, body: content)
        return try #require(answer.ok(sourceLocation: sourceLocation)["event_id"]?.stringValue, sourceLocation: sourceLocation)
    }

    /// The content of a piece of state; nil if there is none.
    func state(_ type: String, _ key: String = "", in room: String) async throws -> JSONValue? {
        let response = try await get("rooms", room, "state", type, key)
        return response.status == 404 ? nil : try response.ok()
    }

    /// All state events of a room.
    func fullState(of room: String) async throws -> [JSONValue] {
        try #require(try await get("rooms", room, "state").ok().arrayValue)
    }

    /// One page of a room's history.
    func messages(
        in room: String, dir: String = "b", from: String? = nil, to: String? = nil, limit: Int = 100, filter: JSONValue? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> (chunk: [JSONValue], end: String?, body: JSONValue) {
        var query = [("dir", dir), ("limit", "\(limit)")]
        if let from { query.append(("from", from)) }
        if let to { query.append(("to", to)) }
        if let filter { query.append(("filter", String(decoding: filter.encoded(), as: UTF8.self))) }
        let body = try await get("rooms", room, "messages", query: query).ok(sourceLocation: sourceLocation)
        return (try #require(body["chunk"]?.arrayValue, sourceLocation: sourceLocation), body["end"]?.stringValue, body)
    }

    /// The membership that a user has in a room, as this user sees it.
    func membership(of user: MatrixTestClient, in room: String) async throws -> String? {
        try await state("m.room.member", user.userID, in: room)?["membership"]?.stringValue
    }
}
