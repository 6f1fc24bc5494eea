import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Reading a room's history ("Getting events for a room", "Event Context").
struct MessagesRoutes: RouteGroup {
    let rooms: Rooms

    /// The number of events on a page when the client doesn't ask for another one.
    private static let limitDefault = 10
    /// The most events on a page, whatever the client asks for.
    private static let limitMax = 1000

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/rooms/{roomId}/messages", access: .guest, lane: .long, getMessages)
        routes.get("/_matrix/client/v3/rooms/{roomId}/context/{eventId}", access: .guest, lane: .long, getContext)
        routes.get("/_matrix/client/v1/rooms/{roomId}/timestamp_to_event", access: .user, isLimited: true, getEventByTimestamp)
    }

    private func getMessages(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        let messages = MessagesRequest(
            from: try query.paginationToken("from"), fromText: try query.string("from"), to: try query.paginationToken("to"),
            isBackward: try query.requiredChoice("dir", of: PageDirection.self) == .backward,
            limit: try query.limit(default: Self.limitDefault, max: Self.limitMax),
            filter: try query.string("filter").map(Self.filter) ?? .everything)
        return Answer(json: try rooms.messages(of: request.roomID("roomId"), messages, for: request.requester))
    }

    private func getContext(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        return Answer(
            json: try rooms.context(
                of: request.eventID("eventId"), in: request.roomID("roomId"),
                limit: try query.limit(default: Self.limitDefault, max: Self.limitMax),
                filter: try query.string("filter").map(Self.filter) ?? .everything, for: request.requester))
    }

    private func getEventByTimestamp(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        guard let timestamp = try query.integer("ts", in: 0...Int64.max) else {
            throw MatrixError(.missingParameter, "Missing query parameter ts")
        }
        let direction = try query.requiredChoice("dir", of: PageDirection.self)
        let found = try rooms.event(
            closestTo: timestamp, direction == .forward ? .forward : .backward, in: request.roomID("roomId"), for: request.requester)
        return Answer(["event_id": .string(found.id.string), "origin_server_ts": .integer(found.originServerTS)])
    }

    private static func filter(_ text: String) throws(MatrixError) -> EventFilter {
        guard let json = try? JSONValue(parsing: Array(text.utf8)) else { throw MatrixError(.notJSON, "The filter is not JSON") }
        guard let filter = json.objectValue else { throw MatrixError(.badJSON, "The filter is not a JSON object") }
        return try EventFilter(checking: filter)
    }
}
