import HTTPTypes
import Homeserver
import MatrixProtocol

/// Says who a request comes from.
package protocol Authenticator: Sendable {
    /// Whose token this is ("Client Authentication").
    ///
    /// - Parameter acceptsExpired: whether a token is good whose time is over, too ("Soft logout").
    /// - Throws: `M_UNKNOWN_TOKEN`.
    func authenticate(token: String, acceptsExpired: Bool) async throws -> Requester

    /// Is told who makes a request, and from which address.
    func noteUse(by requester: Requester, from address: String?)

    /// Counts a request to an endpoint that is not for everybody at any time, as one by the requester, or else by the address.
    ///
    /// - Throws: `M_LIMIT_EXCEEDED`.
    func countRequest(by requester: Requester?, from address: String?) throws(MatrixError)
}

extension Authenticator {
    /// Nobody wants to know.
    package func noteUse(by requester: Requester, from address: String?) {}

    /// There is no limit.
    package func countRequest(by requester: Requester?, from address: String?) throws(MatrixError) {}
}

/// Finds the access token in a request ("Using access tokens").
enum AccessToken {
    /// The token: from the `Authorization` header, or else from the deprecated query parameter. Nil if there is none.
    static func find(_ headers: HTTPFields, _ query: Query) throws(MatrixError) -> String? {
        if let token = headers[.authorization].flatMap(bearer) { return token }
        return try query.string("access_token")
    }

    private static func bearer(_ field: String) -> String? {
        guard let space = field.utf8.firstIndex(of: UInt8(ascii: " ")), field[..<space].lowercased() == "bearer" else { return nil }
        let token = field[space...].drop { $0 == " " }
        return token.isEmpty ? nil : String(token)
    }
}
