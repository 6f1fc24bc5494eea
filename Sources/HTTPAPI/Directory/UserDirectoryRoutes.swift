import CanonicalJSON
import Homeserver
import MatrixProtocol

/// The search for users ("User Directory").
struct UserDirectoryRoutes: RouteGroup {
    let directory: UserDirectory

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/v3/user_directory/search", access: .user, isLimited: true, lane: .long) { request in
            let body = try await request.body()
            let term = try body.required("search_term", as: .string)
            let limit = try body.optional("limit", as: .integer(in: 1...Int64(Int32.max))) ?? Int64(UserDirectory.resultsDefault)
            return Answer(try directory.search(term, limit: Int(limit), by: request.requester))
        }
    }
}
