import Homeserver
import MatrixProtocol

/// What users have been notified of ("Listing Notifications").
struct NotificationRoutes: RouteGroup {
    let notifications: Notifications

    /// The most notifications of one answer.
    private static let limitMax: Int64 = 500

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/notifications", access: .user, lane: .long) { request in
            var wanted = NotificationsRequest(from: try request.query.paginationToken("from"))
            if let limit = try request.query.integer("limit", in: 1...Int64.max) { wanted.limit = Int(min(limit, Self.limitMax)) }
            wanted.isForHighlights = try request.query.string("only") == "highlight"
            return Answer(json: try notifications.list(wanted, for: request.requester))
        }
    }
}
