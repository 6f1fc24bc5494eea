import CanonicalJSON
import MatrixProtocol

/// Whose keys a client wants (`POST /keys/query`).
package struct KeyQuery: Sendable {
    /// The devices of each user, each once, in the order of the user IDs; an empty list stands for all of them.
    let devices: [(user: UserID, devices: [String])]

    /// Reads the request's `device_keys`.
    ///
    /// - Throws: `M_BAD_JSON`, `M_INVALID_PARAM`, `M_TOO_LARGE`.
    package init(_ object: JSONObject) throws(MatrixError) {
        var devices: [(UserID, [String])] = []
        var count = object.count
        for (name, value) in object {
            guard let user = UserID(name) else { throw MatrixError(.invalidParameter, "\(name) is not a user ID") }
            guard let ids = value.arrayValue?.map(\.stringValue), !ids.contains(nil) else {
                throw MatrixError(.badJSON, "device_keys.\(name) must be an array of strings")
            }
            var known: Set<String> = []
            let named = ids.compactMap { $0 }.filter { known.insert($0).inserted }
            count += named.count
            devices.append((user, named))
        }
        guard count <= EncryptionLimits.queriedMax else {
            throw MatrixError(.tooLarge, "These are too many users and devices for one request")
        }
        self.devices = devices
    }
}
