import CanonicalJSON
import HTTPTypes
import Homeserver
import Logging
import MatrixProtocol
import NIOCore

/// A request as a handler sees it: routed, its path decoded, its access token checked.
///
/// If the handler's work is no longer wanted its task is cancelled: when the server's time to stop is over, and for long polls when the
/// client hangs up or the server begins to stop.
package struct ClientRequest: Sendable {
    /// Names the request in the log.
    package let id: RequestID
    package let method: HTTPRequest.Method
    package let headers: HTTPFields
    /// Where the request was sent to, such as `https://example.org:8448`. It is what the client says, so it is good for answering that client only.
    package let origin: String
    /// The parameters behind the path's question mark.
    package let query: Query
    /// Who asks; nil if the route is open, or its token optional and missing.
    package let optionalRequester: Requester?
    /// The IP address from which the request comes, as far as the reverse proxies on its way are trusted.
    package let clientAddress: String?
    let parameterNames: [String]
    let parameterValues: [String]
    let bodySource: BodySource
    let channel: (any Channel)?
    let baseLogger: Logger

    /// Who asks.
    ///
    /// - Throws: `M_MISSING_TOKEN`, which cannot happen on a route with `access: .user`, `.leavingUser` or `.guest`.
    package var requester: Requester {
        get throws(MatrixError) {
            guard let optionalRequester else { throw MatrixError(.missingToken, "Missing access token") }
            return optionalRequester
        }
    }

    /// A logger whose lines carry the request's ID.
    package var logger: Logger {
        var logger = baseLogger
        logger[metadataKey: "request"] = .stringConvertible(id)
        return logger
    }

    /// The body as JSON. An empty one means `{}`, except in a `PUT`. May be called more than once.
    ///
    /// - Throws: `M_TOO_LARGE`, `M_NOT_JSON`, or `M_BAD_JSON` if it is JSON but not an object.
    package func body() async throws -> Body {
        let bytes = try await bodySource.collect()
        if bytes.isEmpty && method != .put { return Body([:]) }
        return Body(try Self.parse(bytes))
    }

    /// The body's bytes. May be called more than once.
    ///
    /// - Throws: `M_TOO_LARGE`.
    package func bodyBytes() async throws -> [UInt8] {
        try await bodySource.collect()
    }

    private static func parse(_ bytes: [UInt8]) throws(MatrixError) -> JSONObject {
        do throws(JSONError) {
            let value = try JSONValue(parsing: bytes, .lenient, limits: JSONLimits(depthMax: Limits.jsonDepthMax))
            guard let object = value.objectValue else { throw .notAnObject(offset: 0) }
            return object
        } catch {
            switch error {
            case .tooDeep, .notAnObject, .floatOutOfRange: throw MatrixError(.badJSON, error.description)
            default: throw MatrixError(.notJSON, error.description)
            }
        }
    }
}

// MARK: - Path parameters

extension ClientRequest {
    /// A parameter of the route's path, decoded. Asking for one that the path doesn't have is a programmer error.
    package func parameter(_ name: String) -> String {
        guard let index = parameterNames.firstIndex(of: name) else { preconditionFailure("the path has no parameter \(name)") }
        return parameterValues[index]
    }

    /// A user ID in the path, `M_INVALID_PARAM` if it is none.
    package func userID(_ name: String) throws(MatrixError) -> UserID { try identifier(name, "a user ID") }

    /// A room ID in the path, `M_INVALID_PARAM` if it is none.
    package func roomID(_ name: String) throws(MatrixError) -> RoomID { try identifier(name, "a room ID") }

    /// An event ID in the path, `M_INVALID_PARAM` if it is none.
    package func eventID(_ name: String) throws(MatrixError) -> EventID { try identifier(name, "an event ID") }

    /// A room alias in the path, `M_INVALID_PARAM` if it is none.
    package func roomAlias(_ name: String) throws(MatrixError) -> RoomAlias { try identifier(name, "a room alias") }

    /// A server name in the path, `M_INVALID_PARAM` if it is none.
    package func serverName(_ name: String) throws(MatrixError) -> ServerName { try identifier(name, "a server name") }

    private func identifier<ID: Identifier>(_ name: String, _ kind: String) throws(MatrixError) -> ID {
        guard let identifier = ID(parameter(name)) else { throw MatrixError(.invalidParameter, "\(name) is not \(kind)") }
        return identifier
    }
}
