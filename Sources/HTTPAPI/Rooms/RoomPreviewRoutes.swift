import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Rooms as they are seen from outside ("Room previews", "Spaces", "Mutual rooms").
struct RoomPreviewRoutes: RouteGroup {
    let rooms: Rooms
    let directory: Directory

    /// The number of rooms on a page of a space when the client doesn't ask for another one, and the most.
    private static let hierarchyLimit = 50
    /// The number of rooms on a page of mutual rooms.
    private static let mutualRoomsLimit = 100

    func add(to routes: inout RouteTable) {
        let summaries = [
            "v1/room_summary/{roomIdOrAlias}", "unstable/im.nheko.summary/summary/{roomIdOrAlias}",
            "unstable/im.nheko.summary/rooms/{roomIdOrAlias}/summary",
        ]
        for path in summaries { routes.get("/_matrix/client/" + path, access: .optional, getSummary) }
        routes.get("/_matrix/client/v1/rooms/{roomId}/hierarchy", access: .user, isLimited: true, lane: .long, getHierarchy)
        routes.get("/_matrix/client/v1/mutual_rooms", access: .user, isLimited: true, getMutualRooms)
        routes.get("/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms", access: .user, isLimited: true, getMutualRooms)
    }

    private func getSummary(_ request: ClientRequest) async throws -> Answer {
        Answer(try rooms.summary(of: request.roomIDOrAlias(by: directory), for: request.optionalRequester))
    }

    private func getHierarchy(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        let from = try query.string("from").map { text throws(MatrixError) in
            guard let place = HierarchyPlace(text) else {
                throw MatrixError(.invalidParameter, "Query parameter from is not a token of this server")
            }
            return place
        }
        let hierarchy = HierarchyRequest(
            suggestedOnly: try query.bool("suggested_only") ?? false,
            maxDepth: Int(clamping: try query.integer("max_depth", in: 0...Int64.max) ?? Int64(Rooms.hierarchyDepthMax)),
            limit: try query.limit(default: Self.hierarchyLimit, max: Self.hierarchyLimit, atLeast: 1),
            from: from)
        return Answer(try rooms.hierarchy(of: request.roomID("roomId"), hierarchy, for: request.requester))
    }

    private func getMutualRooms(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        guard let user = try query.string("user_id").flatMap(UserID.init), user.isCompliant else {
            throw MatrixError(.invalidParameter, "Query parameter user_id has to be a user ID")
        }
        guard try user != request.requester.userID else {
            throw MatrixError(.invalidParameter, "You share all of your rooms with yourself")
        }
        let mutual = try rooms.mutualRooms(
            of: try request.requester, and: user, from: try query.string("from"), limit: Self.mutualRoomsLimit)
        var answer: JSONObject = [
            "joined": .array(mutual.rooms.map { .string($0.string) }), "count": .integer(Int64(mutual.count)),
        ]
        if let next = mutual.next { answer["next_batch"] = .string(next) }
        return Answer(answer)
    }
}
