import AccountsDatabase
import CanonicalJSON
import Crypto
import MatrixProtocol
import Store

extension Accounts {
    /// Keeps a filter (`POST /user/{userId}/filter`). The same filter has the same ID each time, so that it is kept once.
    ///
    /// - Returns: the filter's ID.
    /// - Throws: `M_FORBIDDEN` for another user's, `M_BAD_JSON` for what is no filter, `M_TOO_LARGE`.
    package func createFilter(_ filter: JSONObject, of user: UserID, for requester: Requester) async throws -> String {
        try Self.check(requester, is: user, "Filters can be made by their own user only")
        try FilterShape.check(filter)
        let bytes = filter.encoded()
        guard bytes.count <= AccountsLimits.filterSizeMaxBytes else {
            throw MatrixError(.tooLarge, "A filter has at most \(AccountsLimits.filterSizeMaxBytes) bytes")
        }
        // Base64 has no brace, with which an inline filter begins.
        let id = Base64URL.encode(Array(SHA256.hash(data: bytes)).prefix(Self.filterIDSizeBytes))
        try await database.keepFilter(bytes, id, of: user)
        return id
    }

    /// A filter as JSON (`GET /user/{userId}/filter/{filterId}`).
    ///
    /// - Throws: `M_FORBIDDEN` for another user's, `M_NOT_FOUND`.
    package func filter(_ id: String, of user: UserID, for requester: Requester) throws -> [UInt8] {
        try Self.check(requester, is: user, "Filters can be read by their own user only")
        guard let filter = try database.view().filter(id, of: user) else { throw MatrixError(.notFound, "No such filter") }
        return filter
    }

    /// How much of a filter's hash is its ID, in bytes.
    private static let filterIDSizeBytes = 12
}
