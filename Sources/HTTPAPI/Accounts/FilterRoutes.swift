import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Keeping filters for later requests ("Filtering").
struct FilterRoutes: RouteGroup {
    let accounts: Accounts

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/v3/user/{userId}/filter", access: .user, create)
        routes.get("/_matrix/client/v3/user/{userId}/filter/{filterId}", access: .user, get)
    }

    private func create(_ request: ClientRequest) async throws -> Answer {
        let user = try request.userID("userId")
        let filter = try await request.body().object
        return Answer(["filter_id": .string(try await accounts.createFilter(filter, of: user, for: request.requester))])
    }

    private func get(_ request: ClientRequest) async throws -> Answer {
        Answer(json: try accounts.filter(request.parameter("filterId"), of: request.userID("userId"), for: request.requester))
    }
}
