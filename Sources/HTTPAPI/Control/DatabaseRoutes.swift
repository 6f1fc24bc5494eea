import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Looking into the databases and after them: `martlet db`.
struct DatabaseRoutes: RouteGroup {
    let inspection: StoreInspection

    func add(to routes: inout RouteTable) {
        routes.control("db/stats") { [inspection] _ in try inspection.statistics() }
        routes.control("db/get") { [inspection] body in
            try inspection.get(
                map: body.required("map", as: .string), key: body.required("key", as: .string),
                database: body.optional("database", as: .string))
        }
        routes.control("db/scan") { [inspection] body in
            try inspection.scan(
                map: body.required("map", as: .string), prefix: body.optional("prefix", as: .string),
                next: body.optional("next", as: .string),
                limit: Int(body.optional("limit", as: .integer(in: 1...Int64(Int32.max))) ?? Int64(Int32.max)),
                reverse: body.optional("reverse", as: .bool) ?? false, database: body.optional("database", as: .string))
        }
        routes.control("db/compact") { [inspection] body in
            try inspection.compact(map: body.optional("map", as: .string), database: body.optional("database", as: .string))
        }
    }
}
