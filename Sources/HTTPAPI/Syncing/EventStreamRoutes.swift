import Homeserver
import MatrixProtocol

/// How clients learned of events before there was `/sync`, and how they look into rooms ("Room previews").
struct EventStreamRoutes: RouteGroup {
    let stream: EventStream

    /// How long a request for events waits when the client doesn't say, in milliseconds, as in Synapse.
    private static let timeoutDefaultMilliseconds: Int64 = 30_000
    /// The number of messages of a room when the client doesn't ask for another one, and the most.
    private static let limitDefault = 10
    private static let limitMax = 100

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/events", access: .guest, isLongPoll: true, getEvents)
        routes.get("/_matrix/client/v3/events/{eventId}", access: .user, getEvent)
        routes.get("/_matrix/client/v3/initialSync", access: .user, lane: .long, getInitialSync)
        routes.get("/_matrix/client/v3/rooms/{roomId}/initialSync", access: .guest, lane: .long, getRoomInitialSync)
    }

    private func getEvents(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        let requester = try request.requester
        // A guest looks into rooms, and has no stream.
        if requester.isGuest { _ = try query.required("room_id") }
        return Answer(
            json: try await stream.events(
                from: query.syncToken("from"), of: query.identifier("room_id", as: RoomID.self),
                timeoutMilliseconds: query.integer("timeout", in: 0...Int64.max) ?? Self.timeoutDefaultMilliseconds, for: requester))
    }

    private func getEvent(_ request: ClientRequest) async throws -> Answer {
        Answer(json: try stream.event(request.eventID("eventId"), for: request.requester))
    }

    private func getInitialSync(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        return try Answer(
            stream.initialSync(
                limit: Self.limit(query), includesLeft: query.bool("archived") ?? false, for: request.requester))
    }

    private func getRoomInitialSync(_ request: ClientRequest) async throws -> Answer {
        Answer(json: try stream.initialSync(of: request.roomID("roomId"), limit: Self.limit(request.query), for: request.requester))
    }

    private static func limit(_ query: Query) throws -> Int {
        try query.limit(default: limitDefault, max: limitMax)
    }
}
