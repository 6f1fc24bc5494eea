import CanonicalJSON
import MatrixProtocol

/// Rooms and users of other networks ("Third-party Networks"). Without application services there are none.
struct ThirdPartyNetworkRoutes: RouteGroup {
    func add(to routes: inout RouteTable) {
        let path = "/_matrix/client/v3/thirdparty"
        routes.get("\(path)/protocols", access: .user) { _ in .empty }
        for kind in ["protocol", "location", "user"] {
            routes.get("\(path)/\(kind)/{protocol}", access: .user) { request in
                throw MatrixError(.notFound, "There is no protocol \(request.parameter("protocol")) here")
            }
        }
        for (kind, parameter) in [("location", "alias"), ("user", "userid")] {
            routes.get("\(path)/\(kind)", access: .user) { request in
                _ = try request.query.required(parameter)
                return Answer(json: JSONValue.array([]).encoded())
            }
        }
    }
}
