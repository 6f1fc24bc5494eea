import HTTPTypes

/// An endpoint: a method, a path, and who answers.
final class Route: Sendable {
    let method: HTTPRequest.Method
    /// The path with its parameters in braces, such as `/_matrix/client/v3/profile/{userId}`.
    let path: String
    /// The names of the path's parameters, from left to right.
    let parameterNames: [String]
    let access: Access
    let isLimited: Bool
    let lane: Lane
    let isLongPoll: Bool
    let bodySizeMaxBytes: Int
    let handler: Handler

    /// Answers a request. A `MatrixError` that it throws is the answer; every other error becomes a 500 that tells nothing.
    package typealias Handler = @Sendable (ClientRequest) async throws -> Answer

    init(
        method: HTTPRequest.Method, path: String, access: Access, isLimited: Bool, lane: Lane, isLongPoll: Bool, bodySizeMaxBytes: Int?,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.parameterNames = path.split(separator: "/").filter { $0.first == "{" }.map { String($0.dropFirst().dropLast()) }
        self.access = access
        self.isLimited = isLimited
        self.lane = lane
        self.isLongPoll = isLongPoll
        self.bodySizeMaxBytes = bodySizeMaxBytes ?? access.bodySizeMaxBytes
        self.handler = handler
    }
}

/// Whether a route wants an access token.
package enum Access: Sendable {
    /// No token is looked at.
    case open
    /// A token that comes along must be valid.
    case optional
    /// A valid token is needed, and not a guest's; it is checked before the body is read.
    case user
    /// A valid token is needed, which may be a guest's ("Guest Access").
    case guest
    /// As `user`, but a locked account's token is good, too ("Account locking"), and so is one whose time is over ("Soft logout"): for those who
    /// log out.
    case leavingUser

    /// The largest body of a request, in bytes, where the route doesn't name another size: strangers send little.
    fileprivate var bodySizeMaxBytes: Int {
        switch self {
        case .open, .optional: Limits.openBodySizeMaxBytes
        case .user, .guest, .leavingUser: Limits.bodySizeMaxBytes
        }
    }
}

/// Where a route's handler runs.
package enum Lane: Sendable {
    /// The blocking pool's lane for handlers that read little.
    case short
    /// The blocking pool's lane for handlers that read much.
    case long
    /// The connection's own task, which saves two changes of threads: only for handlers that are done in microseconds, never block and need
    /// no token.
    case immediate
}

/// The parts of the server that a listener can serve.
package enum Resource: String, Sendable, CaseIterable {
    /// The client-server API.
    case client
    /// The server-server API.
    case federation
    /// The administrator's API.
    case admin
    /// The public streams.
    case streams
    /// The public streams at the listener's root: it serves nothing else.
    case streamsAtRoot
    /// Figures for monitoring.
    case metrics
}
