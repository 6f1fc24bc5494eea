import HTTPTypes
import MatrixProtocol

/// Finds the endpoint that a request means.
///
/// - The path is split at its slashes first and percent-decoded afterwards, so that a `%2F` stays inside its segment.
/// - A literal segment wins over a parameter, unless only the parameter leads to an endpoint.
/// - One trailing slash is ignored.
struct Router: Sendable {
    /// What a request line means.
    enum Match {
        /// An endpoint and the values of its path's parameters.
        case found(Route, [String])
        /// The path is known, but not with this method; these are the ones that it has.
        case wrongMethod(allowed: [HTTPRequest.Method])
        /// The path is not known.
        case unknown
    }

    /// One place in the tree of paths; others refer to it by its index in `nodes`.
    private struct Node {
        var literals: [String: Int] = [:]
        var parameter: Int?
        var routes: [Route] = []
    }

    /// The tree; the first node is its root.
    private var nodes = [Node()]

    /// Version segments that mean the same as `v3`, by what stands before them.
    private static let aliasesOfV3 = ["_matrix/client": ["r0"], "_matrix/media": ["r0", "v1"]]

    init(_ table: RouteTable) {
        for route in table.routes { insert(route) }
    }

    private mutating func insert(_ route: Route) {
        precondition(route.path.hasPrefix("/"), "\(route.path) is not a path")
        let segments = route.path.split(separator: "/").map(String.init)
        var index = 0
        for (depth, segment) in segments.enumerated() {
            if segment.hasPrefix("{") {
                index = parameterChild(of: index)
            } else {
                index = child(segment, of: index, below: segments[..<depth].joined(separator: "/"))
            }
        }
        precondition(!nodes[index].routes.contains { $0.method == route.method }, "\(route.method) \(route.path) is registered twice")
        nodes[index].routes.append(route)
    }

    private mutating func parameterChild(of index: Int) -> Int {
        if let child = nodes[index].parameter { return child }
        nodes.append(Node())
        nodes[index].parameter = nodes.count - 1
        return nodes.count - 1
    }

    private mutating func child(_ segment: String, of index: Int, below prefix: String) -> Int {
        if let child = nodes[index].literals[segment] { return child }
        nodes.append(Node())
        let aliases = Self.aliasesOfV3[prefix] ?? []
        let names = segment == "v3" || aliases.contains(segment) ? ["v3"] + aliases : [segment]
        for name in names { nodes[index].literals[name] = nodes.count - 1 }
        return nodes.count - 1
    }

    /// Finds the endpoint for a method and a path.
    ///
    /// - Parameter path: the request's path as it was sent, without the query.
    /// - Throws: `M_INVALID_PARAM` if a segment is not validly percent-encoded UTF-8.
    func match(_ method: HTTPRequest.Method, _ path: Substring) throws(MatrixError) -> Match {
        let segments = try Self.segments(of: path)
        var search = Search(method: method, segments: segments)
        if path.utf8.first == UInt8(ascii: "/"), let route = find(&search, at: 0, depth: 0) { return .found(route, search.values) }
        return search.allowed.isEmpty ? .unknown : .wrongMethod(allowed: search.allowed)
    }

    private struct Search {
        let method: HTTPRequest.Method
        let segments: [String]
        /// The values of the parameters on the way to the node that is looked at.
        var values: [String] = []
        /// The methods of a node that the path leads to, if it lacks the request's.
        var allowed: [HTTPRequest.Method] = []
    }

    private func find(_ search: inout Search, at index: Int, depth: Int) -> Route? {
        if depth == search.segments.count {
            let routes = nodes[index].routes
            if let route = routes.first(where: { $0.method == search.method }) { return route }
            if search.method == .head, let route = routes.first(where: { $0.method == .get }) { return route }
            search.allowed += routes.map(\.method)
            return nil
        }
        let segment = search.segments[depth]
        if let child = nodes[index].literals[segment], let route = find(&search, at: child, depth: depth + 1) { return route }
        guard let child = nodes[index].parameter else { return nil }
        search.values.append(segment)
        if let route = find(&search, at: child, depth: depth + 1) { return route }
        search.values.removeLast()
        return nil
    }

    private static func segments(of path: Substring) throws(MatrixError) -> [String] {
        var segments: [String] = []
        segments.reserveCapacity(8)
        var rest = path.dropFirst()
        if rest.utf8.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        guard !rest.isEmpty else { return [] }
        while true {
            let end = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            guard let segment = PercentEncoding.decode(rest[..<end]) else {
                throw MatrixError(.invalidParameter, "The path is not valid percent-encoded UTF-8")
            }
            segments.append(segment)
            guard end < rest.endIndex else { return segments }
            rest = rest[rest.utf8.index(after: end)...]
        }
    }
}
