import CanonicalJSON
import NIOCore

/// A room, and its ID as it stands in paths, which is made once.
struct Room: Sendable {
    let id: String
    let path: String

    init(id: String) {
        self.id = id
        path = "/_matrix/client/v3/rooms/\(id.percentEncoded)"
    }
}

/// A user of a homeserver, logged in, and the requests that scenarios make as that user.
struct Account: Sendable {
    let userID: String
    let accessToken: String
    let client: MatrixClient

    /// Creates a room.
    ///
    /// - Parameters:
    ///   - preset: by default that of a public room, which other accounts can join without an invite.
    ///   - version: the room version; nil leaves it to the server.
    func createRoom(preset: String = "public_chat", version: String?) async throws(RequestFailure) -> Room {
        var request: JSONObject = ["preset": .string(preset)]
        request["room_version"] = version.map { .string($0) }
        let answer = try await client.request(.post, "/_matrix/client/v3/createRoom", body: ByteBuffer(json: request))
        return Room(id: try Scan(answer).string("room_id"))
    }

    func join(_ room: Room) async throws(RequestFailure) {
        _ = try await client.request(.post, room.path + "/join", body: ByteBuffer(string: "{}"))
    }

    /// Sends an `m.room.message` event.
    ///
    /// - Returns: the event's ID.
    func send(_ content: ByteBuffer, to room: Room, transactionID: String) async throws(RequestFailure) -> String {
        try Scan(try await sending(content, to: room, transactionID: transactionID).success()).string("event_id")
    }

    /// Sends an `m.room.message` event.
    ///
    /// - Returns: the whole answer.
    func sending(_ content: ByteBuffer, to room: Room, transactionID: String) async throws(RequestFailure) -> MatrixClient.Answer {
        try await client.exchange(.put, room.path + "/send/m.room.message/" + transactionID, body: content)
    }

    /// Asks for a sync's answer.
    ///
    /// - Parameters:
    ///   - since: the token of the last answer; nil for an initial sync.
    ///   - timeoutMilliseconds: how long the server may wait for something to tell.
    /// - Returns: the answer's body.
    func sync(since: String? = nil, timeoutMilliseconds: Int = 0) async throws(RequestFailure) -> [UInt8] {
        try await syncing(since: since, timeoutMilliseconds: timeoutMilliseconds).success()
    }

    /// Asks for a sync's answer.
    ///
    /// - Returns: the whole answer.
    func syncing(since: String?, timeoutMilliseconds: Int) async throws(RequestFailure) -> MatrixClient.Answer {
        var path = "/_matrix/client/v3/sync?timeout=\(timeoutMilliseconds)"
        if let since {
            path += "&since=\(since.percentEncoded)"
        }
        return try await client.exchange(.get, path)
    }

    /// Asks for one page of a room's history, newest events first.
    ///
    /// - Parameter from: the `end` of the page before; nil for the first one.
    func messages(in room: Room, from: String?, limit: Int) async throws(RequestFailure) -> HistoryPage {
        var path = room.path + "/messages?dir=b&limit=\(limit)"
        if let from {
            path += "&from=\(from.percentEncoded)"
        }
        return HistoryPage(body: try await client.request(.get, path))
    }

    /// Reads a room's whole history, newest events first.
    ///
    /// - Returns: the IDs of its events, as often as the server tells them.
    func history(of room: Room, limit: Int) async throws(RequestFailure) -> [String] {
        var eventIDs: [String] = []
        var from: String?
        repeat {
            let page = try await messages(in: room, from: from, limit: limit)
            eventIDs += try page.eventIDs()
            from = try page.end()
        } while from != nil
        return eventIDs
    }
}

/// The answer to a request for a page of a room's history, as it came.
struct HistoryPage: Sendable {
    let body: [UInt8]

    /// Where the next page begins; nil at the end of the history.
    func end() throws(RequestFailure) -> String? {
        try Scan(body).stringIfPresent("end")
    }

    /// The IDs of the page's events, in its order.
    func eventIDs() throws(RequestFailure) -> [String] {
        try Scan(body).array("chunk").compactMap { $0.objectValue?["event_id"]?.stringValue }
    }
}

extension ByteBuffer {
    /// The content of a text message whose text is `length` bytes long.
    static func textMessage(length: Int) -> ByteBuffer {
        ByteBuffer(json: ["msgtype": "m.text", "body": .string(String(repeating: "m", count: length))])
    }
}
