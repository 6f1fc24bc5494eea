import HTTPTypes

/// The endpoints of one chapter of the specification.
///
/// ```swift
/// struct ProfileRoutes: RouteGroup {
///     let profiles: Profiles
///
///     func add(to routes: inout RouteTable) {
///         routes.get("/_matrix/client/v3/profile/{userId}", access: .open, getProfile)
///         routes.put("/_matrix/client/v3/profile/{userId}/{keyName}", access: .guest, isLimited: true, setField)
///     }
///
///     private func getProfile(_ request: ClientRequest) async throws -> Answer {
///         Answer(try profiles.profile(of: request.userID("userId")))
///     }
/// }
/// ```
package protocol RouteGroup: Sendable {
    /// The resources that the endpoints are part of: a listener that has one of them serves them. By default the client-server API.
    var resources: Set<Resource> { get }
    /// Enters the endpoints into the table.
    func add(to routes: inout RouteTable)
}

extension RouteGroup {
    package var resources: Set<Resource> { [.client] }
}

/// The endpoints of a listener while they are collected.
///
/// Paths are written as in the specification, with parameters in braces. Their `v3` form stands for `r0` too. A trailing slash of a request
/// is ignored, `HEAD` is answered where `GET` is known, `OPTIONS` everywhere. Registering an endpoint twice is a programmer error.
package struct RouteTable {
    private(set) var routes: [Route] = []

    init(_ groups: some Sequence<any RouteGroup>) {
        for group in groups { group.add(to: &self) }
    }

    /// Adds an endpoint.
    ///
    /// - Parameters:
    ///   - access: whether an access token is needed.
    ///   - isLimited: whether requests are counted and refused when they come too often: the specification lists a 429.
    ///   - lane: where the handler runs.
    ///   - isLongPoll: whether the handler waits for something to happen. It is cancelled as soon as the client hangs up or the server stops,
    ///     and should then answer with what it has.
    ///   - bodySizeMaxBytes: the largest body; by default the one in `Limits` for the kind of access.
    package mutating func add(
        _ method: HTTPRequest.Method, _ path: String, access: Access, isLimited: Bool = false, lane: Lane = .short,
        isLongPoll: Bool = false,
        bodySizeMaxBytes: Int? = nil, _ handler: @escaping @Sendable (ClientRequest) async throws -> Answer
    ) {
        precondition(lane != .immediate || access == .open, "\(path): checking a token may block")
        routes.append(
            Route(
                method: method, path: path, access: access, isLimited: isLimited, lane: lane, isLongPoll: isLongPoll,
                bodySizeMaxBytes: bodySizeMaxBytes,
                handler: handler))
    }

    /// Adds a `GET` endpoint; see `add`.
    package mutating func get(
        _ path: String, access: Access, isLimited: Bool = false, lane: Lane = .short, isLongPoll: Bool = false,
        _ handler: @escaping @Sendable (ClientRequest) async throws -> Answer
    ) {
        add(.get, path, access: access, isLimited: isLimited, lane: lane, isLongPoll: isLongPoll, handler)
    }

    /// Adds a `POST` endpoint; see `add`.
    package mutating func post(
        _ path: String, access: Access, isLimited: Bool = false, lane: Lane = .short, bodySizeMaxBytes: Int? = nil,
        _ handler: @escaping @Sendable (ClientRequest) async throws -> Answer
    ) {
        add(.post, path, access: access, isLimited: isLimited, lane: lane, bodySizeMaxBytes: bodySizeMaxBytes, handler)
    }

    /// Adds a `PUT` endpoint; see `add`.
    package mutating func put(
        _ path: String, access: Access, isLimited: Bool = false, lane: Lane = .short, bodySizeMaxBytes: Int? = nil,
        _ handler: @escaping @Sendable (ClientRequest) async throws -> Answer
    ) {
        add(.put, path, access: access, isLimited: isLimited, lane: lane, bodySizeMaxBytes: bodySizeMaxBytes, handler)
    }

    /// Adds a `DELETE` endpoint; see `add`.
    package mutating func delete(
        _ path: String, access: Access, isLimited: Bool = false, lane: Lane = .short,
        _ handler: @escaping @Sendable (ClientRequest) async throws -> Answer
    ) {
        add(.delete, path, access: access, isLimited: isLimited, lane: lane, handler)
    }
}
