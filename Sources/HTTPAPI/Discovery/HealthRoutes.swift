/// Tells whoever watches over the server that it answers.
package struct HealthRoutes: RouteGroup {
    package init() {}

    package var resources: Set<Resource> { Set(Resource.allCases) }

    package func add(to routes: inout RouteTable) {
        routes.get("/_martlet/health", access: .open, lane: .immediate) { _ in .empty }
    }
}
