import CanonicalJSON
import Homeserver
import MatrixProtocol

/// What administrators learn and do about accounts ("Server Administration").
struct ModerationRoutes: RouteGroup {
    let accounts: Accounts

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/admin/whois/{userId}", access: .user) { request in
            Answer(try accounts.whois(request.userID("userId"), by: request.requester))
        }
        for (path, restriction) in [("lock", Accounts.Restriction.locked), ("suspend", .suspended)] {
            let path = "/_matrix/client/v1/admin/\(path)/{userId}"
            routes.get(path, access: .user) { request in
                let isSet = try accounts.has(restriction, request.userID("userId"), by: request.requester)
                return Answer([restriction.rawValue: .bool(isSet)])
            }
            routes.put(path, access: .user) { request in
                let isSet = try await request.body().required(restriction.rawValue, as: .bool)
                try await accounts.set(restriction, of: request.userID("userId"), to: isSet, by: request.requester)
                return Answer([restriction.rawValue: .bool(isSet)])
            }
        }
    }
}
