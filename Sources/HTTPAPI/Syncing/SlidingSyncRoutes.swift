import CanonicalJSON
import Homeserver
import MatrixProtocol
import TransitoryDatabase

/// Simplified sliding sync (MSC4186): how clients learn what has happened in the rooms that they look at.
struct SlidingSyncRoutes: RouteGroup {
    let sync: SlidingSync

    func add(to routes: inout RouteTable) {
        routes.add(
            .post, "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync", access: .guest, isLongPoll: true, postSync)
    }

    private func postSync(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let requester = try request.requester
        var syncRequest = try SlidingSyncRequest(body, for: requester.userID)
        if let position = try request.query.string("pos") { syncRequest.position = position }
        if let timeout = try request.query.integer("timeout", in: 0...Int64.max) { syncRequest.timeoutMilliseconds = timeout }
        if let presence = try request.query.choice("set_presence", of: UserPresence.State.self) { syncRequest.presence = presence }
        return Answer(json: try await sync.sync(syncRequest, for: requester))
    }
}
