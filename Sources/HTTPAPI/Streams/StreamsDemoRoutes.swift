import StreamsDemo

/// The demo page of streams: a canvas that everybody draws on who has its address.
struct StreamsDemoRoutes: RouteGroup {
    let path: String
    let resources: Set<Resource>

    func add(to routes: inout RouteTable) {
        routes.get("\(path)/demo", access: .open, lane: .immediate) { _ in
            Answer(status: .ok, contentType: "text/html; charset=utf-8", body: StreamsDemo.page)
        }
    }
}
