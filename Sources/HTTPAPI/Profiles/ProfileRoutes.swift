import CanonicalJSON
import Homeserver
import MatrixProtocol

/// What users show of themselves ("Profiles").
struct ProfileRoutes: RouteGroup {
    let profiles: Profiles

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/profile/{userId}", access: .open, getProfile)
        let field = "/_matrix/client/v3/profile/{userId}/{keyName}"
        routes.get(field, access: .open, getField)
        routes.put(field, access: .guest, isLimited: true, setField)
        routes.delete(field, access: .guest, isLimited: true, deleteField)
    }

    private func getProfile(_ request: ClientRequest) async throws -> Answer {
        Answer(try profile(request))
    }

    private func getField(_ request: ClientRequest) async throws -> Answer {
        let field = request.parameter("keyName")
        guard let value = try profile(request)[field] else {
            throw MatrixError(.notFound, "The profile has no \(field)")
        }
        return Answer([field: value])
    }

    private func profile(_ request: ClientRequest) throws -> JSONObject {
        try profiles.profile(of: request.userID("userId"))
    }

    private func setField(_ request: ClientRequest) async throws -> Answer {
        let (user, field) = (try request.userID("userId"), request.parameter("keyName"))
        let value = try await request.body().required(field, as: .value)
        try await profiles.set(field, to: value, of: user, by: request.requester)
        return .empty
    }

    private func deleteField(_ request: ClientRequest) async throws -> Answer {
        try await profiles.set(request.parameter("keyName"), to: nil, of: request.userID("userId"), by: request.requester)
        return .empty
    }
}
