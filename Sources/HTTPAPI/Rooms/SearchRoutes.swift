import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Searching the rooms' history ("Server-side search").
struct SearchRoutes: RouteGroup {
    let rooms: Rooms

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/v3/search", access: .user, isLimited: true, lane: .long, search)
    }

    private func search(_ request: ClientRequest) async throws -> Answer {
        let token = try request.query.string("next_batch").map { text throws(MatrixError) in
            guard let token = SearchToken(text) else {
                throw MatrixError(.invalidParameter, "Query parameter next_batch is not a token of this server")
            }
            return token
        }
        let categories = try await request.body().required("search_categories", as: .object)
        var writer = JSONWriter(capacity: 16 << 10)
        writer.beginObject()
        writer.key("search_categories")
        writer.beginObject()
        if let roomEvents = categories["room_events"] {
            guard let roomEvents = roomEvents.objectValue else { throw MatrixError(.badJSON, "room_events must be an object") }
            writer.key("room_events")
            writer.raw(try rooms.search(SearchRequest(roomEvents, token: token), for: request.requester))
        }
        writer.endObject()
        writer.endObject()
        return Answer(writer)
    }
}
