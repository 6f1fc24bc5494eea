import Homeserver
import MatrixProtocol

/// The tree that `m.relationship` makes of events (MSC2836).
struct EventRelationshipsRoutes: RouteGroup {
    let rooms: Rooms

    /// The most events of an answer, whatever the client asks for.
    private static let limitMax: Int64 = 100

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/unstable/event_relationships", access: .user, lane: .long, getRelationships)
    }

    private func getRelationships(_ request: ClientRequest) async throws -> Answer {
        Answer(json: try rooms.eventRelationships(Self.relationships(try await request.body()), for: request.requester))
    }

    private static func relationships(_ body: Body) throws(MatrixError) -> EventRelationshipsRequest {
        var request = EventRelationshipsRequest(event: try body.required("event_id", as: .eventID))
        _ = try body.optional("room_id", as: .roomID)
        // A negative number is no bound.
        func bound(_ name: String, _ standard: Int?) throws(MatrixError) -> Int? {
            guard let bound = try body.optional(name, as: .integer) else { return standard }
            return bound < 0 ? nil : Int(clamping: bound)
        }
        request.depthMax = try bound("max_depth", request.depthMax)
        request.breadthMax = try bound("max_breadth", request.breadthMax)
        if let limit = try body.optional("limit", as: .integer(in: 1...Int64.max)) { request.limit = Int(min(limit, limitMax)) }
        request.isDepthFirst = try body.optional("depth_first", as: .bool) ?? request.isDepthFirst
        request.isRecentFirst = try body.optional("recent_first", as: .bool) ?? request.isRecentFirst
        request.includesParent = try body.optional("include_parent", as: .bool) ?? request.includesParent
        request.includesChildren = try body.optional("include_children", as: .bool) ?? request.includesChildren
        request.direction = try body.optional("direction", as: .choice(of: EventRelationshipsRequest.Direction.self)) ?? request.direction
        if let batch = try body.optional("batch", as: .string) {
            guard let skipped = EventRelationshipsRequest.skipped(by: batch) else {
                throw MatrixError(.invalidParameter, "batch is not a token of this server")
            }
            request.skipped = skipped
        }
        return request
    }
}
