import Homeserver
import MatrixProtocol

/// What relates to events, and threads ("Relationships API", "Querying threads in a room").
struct RelationsRoutes: RouteGroup {
    let rooms: Rooms

    /// The number of events on a page when the client doesn't ask for another one.
    private static let limitDefault = 20
    /// The most events on a page, whatever the client asks for.
    private static let limitMax = 100

    func add(to routes: inout RouteTable) {
        let relations = "/_matrix/client/v1/rooms/{roomId}/relations/{eventId}"
        routes.get(relations, access: .user, lane: .long) { try await getRelations($0) }
        routes.get(relations + "/{relType}", access: .user, lane: .long) {
            try await getRelations($0, relationType: $0.parameter("relType"))
        }
        routes.get(relations + "/{relType}/{eventType}", access: .user, lane: .long) {
            try await getRelations($0, relationType: $0.parameter("relType"), eventType: $0.parameter("eventType"))
        }
        routes.get("/_matrix/client/v1/rooms/{roomId}/threads", access: .user, isLimited: true, lane: .long, getThreads)
    }

    private func getRelations(_ request: ClientRequest, relationType: String? = nil, eventType: String? = nil) async throws -> Answer {
        let query = request.query
        let relations = RelationsRequest(
            relationType: relationType, eventType: eventType, from: try query.paginationToken("from"), to: try query.paginationToken("to"),
            isBackward: try query.choice("dir", of: PageDirection.self) != .forward, limit: try Self.limit(query),
            recurses: try query.bool("recurse") ?? false)
        return Answer(
            json: try rooms.relations(of: request.eventID("eventId"), in: request.roomID("roomId"), relations, for: request.requester))
    }

    private func getThreads(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        return Answer(
            json: try rooms.threads(
                of: request.roomID("roomId"), try query.choice("include", of: ThreadSelection.self) ?? .all,
                from: try query.paginationToken("from"), limit: try Self.limit(query), for: request.requester))
    }

    private static func limit(_ query: Query) throws -> Int {
        try query.limit(default: limitDefault, max: limitMax, atLeast: 1)
    }
}
