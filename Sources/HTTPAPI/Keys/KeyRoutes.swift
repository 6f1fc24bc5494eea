import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Keys of devices ("Key management API").
struct KeyRoutes: RouteGroup {
    let encryption: Encryption
    let sync: Sync

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/v3/keys/upload", access: .guest, upload)
        routes.post("/_matrix/client/v3/keys/query", access: .guest, lane: .long, query)
        routes.post("/_matrix/client/v3/keys/claim", access: .guest, claim)
        routes.get("/_matrix/client/v3/keys/changes", access: .user, lane: .long, changes)
    }

    private func upload(_ request: ClientRequest) async throws -> Answer {
        let counts = try await encryption.uploadKeys(request.body().object, for: request.requester)
        return Answer(["one_time_key_counts": .object(counts)])
    }

    private func query(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let query = try KeyQuery(owners("device_keys", of: body))
        _ = try body.optional("timeout", as: .integer)
        return Answer(json: try encryption.queryKeys(query, for: request.requester))
    }

    private func claim(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let claims = try KeyClaims(owners("one_time_keys", of: body))
        _ = try body.optional("timeout", as: .integer)
        return Answer(json: try await encryption.claimKeys(claims))
    }

    /// The member that says whose keys are meant.
    ///
    /// - Throws: `M_BAD_JSON`, also when it is missing, as clients know it.
    private func owners(_ name: String, of body: Body) throws -> JSONObject {
        guard let owners = try body.optional(name, as: .object) else { throw MatrixError(.badJSON, "\(name) must be an object") }
        return owners
    }

    private func changes(_ request: ClientRequest) async throws -> Answer {
        guard let from = try request.query.syncToken("from") else { throw MatrixError(.missingParameter, "Missing query parameter from") }
        // It is a hint of how new the answer has to be, which is always the newest.
        _ = try request.query.syncToken("to")
        return Answer(try sync.deviceListChanges(since: from, for: request.requester))
    }
}
