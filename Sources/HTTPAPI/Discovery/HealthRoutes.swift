import CanonicalJSON
import Homeserver
import Store

/// Tells whoever watches over the server how it is: 200 when all is well, 503 and what is wrong when a database can't write.
struct HealthRoutes: RouteGroup {
    /// How each database is, by its name.
    let health: @Sendable () -> [(database: String, health: DatabaseHealth)]

    var resources: Set<Resource> { Set(Resource.allCases) }

    func add(to routes: inout RouteTable) {
        routes.get("/_martlet/health", access: .open, lane: .immediate) { [health] _ in
            var failing: JSONObject = [:]
            for (database, health) in health() {
                guard case .failing(let since, let reason) = health else { continue }
                failing[database] = ["since": .integer(since), "reason": .string(reason)]
            }
            if failing.isEmpty { return Answer(["status": "ok"]) }
            return Answer(["status": "failing", "databases": .object(failing)], status: .serviceUnavailable)
        }
    }
}
