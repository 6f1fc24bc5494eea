import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

/// The keys that a client wants of devices (`POST /keys/claim`).
package struct KeyClaims: Sendable {
    let claims: [KeyClaim]

    /// Reads the request's `one_time_keys`.
    ///
    /// - Throws: `M_BAD_JSON`, `M_INVALID_PARAM`, `M_TOO_LARGE`.
    package init(_ object: JSONObject) throws(MatrixError) {
        var claims: [KeyClaim] = []
        for (name, value) in object {
            guard let user = UserID(name) else { throw MatrixError(.invalidParameter, "\(name) is not a user ID") }
            guard let devices = value.objectValue else { throw MatrixError(.badJSON, "one_time_keys.\(name) must be an object") }
            for (device, algorithm) in devices {
                guard let algorithm = algorithm.stringValue else {
                    throw MatrixError(.badJSON, "one_time_keys.\(name).\(device) must be a string")
                }
                claims.append(KeyClaim(user: user, device: device, algorithm: algorithm))
            }
        }
        guard claims.count <= EncryptionLimits.queriedMax else {
            throw MatrixError(.tooLarge, "These are too many devices for one request")
        }
        self.claims = claims
    }
}
