import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What a client asks of the directory (`GET` and `POST /publicRooms`).
package struct PublicRoomsRequest: Sendable {
    /// The most rooms to give.
    package var limit: Int?
    /// The token of a page that an earlier answer gave.
    package var since: String?
    /// A text that name, topic or alias contain.
    package var searchTerm: String?
    /// The types of rooms that are wanted, `nil` among them standing for rooms without one.
    package var roomTypes: [String?]?

    package init(limit: Int? = nil, since: String? = nil, searchTerm: String? = nil, roomTypes: [String?]? = nil) {
        self.limit = limit
        self.since = since
        self.searchTerm = searchTerm
        self.roomTypes = roomTypes
    }
}

extension Directory {
    /// A page of the directory, the rooms with most members first, as the endpoint's answer.
    ///
    /// - Parameter server: the server whose directory is wanted; `nil` for this one.
    /// - Throws: `M_INVALID_PARAM` when the page's token is none, `M_NOT_FOUND` for other servers.
    package func publicRooms(_ request: PublicRoomsRequest, of server: ServerName?) throws -> JSONObject {
        if let server, server != serverName { throw MatrixError(.notFound, "The directory of \(server) can't be reached") }
        let start =
            try request.since.map { text in
                guard let start = Int(text), start >= 0 else { throw MatrixError(.invalidParameter, "since is not a token of this server") }
                return start
            } ?? 0
        let wanted = try allPublicRooms().filter { $0.matches(request) }
        let page = wanted.dropFirst(start).prefix(request.limit ?? wanted.count)
        var answer: JSONObject = [
            "chunk": .array(page.map { .object($0.json) }), "total_room_count_estimate": .integer(Int64(wanted.count)),
        ]
        if start + page.count < wanted.count, !page.isEmpty { answer["next_batch"] = .string(String(start + page.count)) }
        if start > 0 { answer["prev_batch"] = .string(String(max(0, start - (request.limit ?? start)))) }
        return answer
    }

    private func allPublicRooms() throws -> [PublicRoom] {
        let view = database.view()
        return try view.publicRooms()
            .compactMap { try PublicRoom($0, in: view) }
            .sorted { ($1.joinedCount, $0.id) < ($0.joinedCount, $1.id) }
    }
}

/// A room as the directory shows it.
private struct PublicRoom {
    let id: RoomID
    let joinedCount: Int
    let json: JSONObject

    init?(_ shortID: ShortRoomID, in view: RoomsView) throws {
        func content(_ key: StateKey) throws -> JSONObject? {
            guard let event = try view.currentEvent(key, in: shortID) else { return nil }
            return try JSONFields(scanning: event.json).slice("content").flatMap { try JSONValue(parsing: $0).objectValue }
        }
        guard let create = try content(.create) else { return nil }
        id = try view.roomID(of: shortID)
        joinedCount = try view.memberCounts(of: shortID).joined
        var json: JSONObject = [
            "room_id": .string(id.string), "num_joined_members": .integer(Int64(joinedCount)),
            "world_readable": .bool(HistoryVisibility(try content(.historyVisibility)) == .worldReadable),
            "guest_can_join": .bool(try content(.guestAccess)?["guest_access"]?.stringValue == "can_join"),
            "join_rule": .string((try content(.joinRules).flatMap { JoinRule($0) } ?? .default).rawValue),
        ]
        let texts = [
            ("room_type", create["type"]), ("name", try content(.name)?["name"]), ("topic", try content(.topic)?["topic"]),
            ("avatar_url", try content(.avatar)?["url"]), ("canonical_alias", try content(.canonicalAlias)?["alias"]),
        ]
        // Members of a room write what they like.
        for case (let name, .string(let text)?) in texts where !text.isEmpty { json[name] = .string(text) }
        self.json = json
    }

    func matches(_ request: PublicRoomsRequest) -> Bool {
        if let types = request.roomTypes, !types.contains(json["room_type"]?.stringValue) { return false }
        guard let term = request.searchTerm?.lowercased(), !term.isEmpty else { return true }
        return ["name", "topic", "canonical_alias"].contains { json[$0]?.stringValue?.lowercased().contains(term) ?? false }
    }
}
