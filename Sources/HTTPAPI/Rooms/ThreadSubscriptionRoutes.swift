import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Which threads users follow (MSC4306, MSC4308).
struct ThreadSubscriptionRoutes: RouteGroup {
    let rooms: Rooms

    /// The number of threads that are listed when the client doesn't ask for another one.
    private static let limitDefault: Int64 = 100
    /// The most threads that are listed at a time.
    private static let limitMax: Int64 = 512

    func add(to routes: inout RouteTable) {
        let subscription = "/_matrix/client/unstable/io.element.msc4306/rooms/{roomId}/thread/{rootEventId}/subscription"
        routes.get(subscription, access: .user, getSubscription)
        routes.put(subscription, access: .user, subscribe)
        routes.delete(subscription, access: .user, unsubscribe)
        routes.get("/_matrix/client/unstable/io.element.msc4308/thread_subscriptions", access: .user, getSubscriptions)
    }

    private func getSubscription(_ request: ClientRequest) async throws -> Answer {
        Answer(try rooms.threadSubscription(to: request.eventID("rootEventId"), in: request.roomID("roomId"), of: request.requester))
    }

    private func subscribe(_ request: ClientRequest) async throws -> Answer {
        let (room, root) = (try request.roomID("roomId"), try request.eventID("rootEventId"))
        let text = try await request.body().optional("automatic", as: .string)
        let cause = text.flatMap(EventID.init)
        if text != nil, cause == nil { throw MatrixError(.invalidParameter, "automatic must be an event ID") }
        try await rooms.subscribe(to: root, in: room, becauseOf: cause, by: request.requester)
        return .empty
    }

    private func unsubscribe(_ request: ClientRequest) async throws -> Answer {
        try await rooms.unsubscribe(from: request.eventID("rootEventId"), in: request.roomID("roomId"), by: request.requester)
        return .empty
    }

    private func getSubscriptions(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        guard try query.required("dir") == "b" else { throw MatrixError(.invalidParameter, "dir must be b") }
        return Answer(
            try rooms.threadSubscriptions(
                of: request.requester, from: query.paginationToken("from"), to: query.paginationToken("to"),
                limit: Int(try query.integer("limit", in: 1...Self.limitMax) ?? Self.limitDefault)))
    }
}
