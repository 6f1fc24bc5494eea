import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import TransitoryDatabase

/// "Syncing": how clients learn what has happened.
struct SyncRoutes: RouteGroup {
    let sync: Sync
    let accounts: Accounts

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/sync", access: .guest, isLongPoll: true, getSync)
    }

    private func getSync(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        let since = try query.syncToken("since")
        let syncRequest = SyncRequest(
            since: since, timeoutMilliseconds: try query.integer("timeout", in: 0...Int64.max) ?? 0,
            isFullState: try query.bool("full_state") ?? false,
            stateSection: try stateSection(query),
            filter: try filter(query.string("filter"), for: request.requester),
            presence: try query.choice("set_presence", of: UserPresence.State.self) ?? .online)
        return Answer(json: try await sync.sync(syncRequest, for: request.requester))
    }

    private func stateSection(_ query: Query) throws(MatrixError) -> SyncRequest.StateSection {
        if let isAfter = try query.bool("use_state_after") { return isAfter ? .after : .before }
        return try query.bool("org.matrix.msc4222.use_state_after") ?? false ? .unstableAfter : .before
    }

    /// A filter that stands in the request, or one that is stored under an ID.
    private func filter(_ text: String?, for requester: Requester) throws -> SyncFilter {
        guard let text else { return .everything }
        if text.hasPrefix("{") {
            guard let filter = try? JSONValue(parsing: Array(text.utf8)).objectValue else {
                throw MatrixError(.notJSON, "The filter is not JSON")
            }
            return try SyncFilter(checking: filter)
        }
        let stored: [UInt8]
        do {
            stored = try accounts.filter(text, of: requester.userID, for: requester)
        } catch let error as MatrixError where error.code == .notFound {
            throw MatrixError(.invalidParameter, "There is no filter \(text)")
        }
        return SyncFilter(try JSONValue(parsing: stored).objectValue ?? [:])
    }
}
