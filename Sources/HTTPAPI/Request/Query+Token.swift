import MatrixProtocol
import Store

extension Query {
    /// The largest distance from zero of a position in a token: an order, the position × 2^16, has to fit into 8 bytes.
    private static let positionMax: Int64 = 1 << 46

    /// A place in a room's timeline; nil if the parameter is missing. A token of a sync stands for the place after everything that the sync
    /// has told of.
    ///
    /// - Throws: `M_INVALID_PARAM` if it is no token of this server.
    package func paginationToken(_ name: String) throws(MatrixError) -> PaginationToken? {
        guard let text = try string(name) else { return nil }
        let token = PaginationToken(text) ?? SyncToken(text).map { PaginationToken($0.rooms.position, suborder: .max) }
        guard let token, (-Self.positionMax...Self.positionMax).contains(token.position.value) else {
            throw MatrixError(.invalidParameter, "Query parameter \(name) is not a token of this server")
        }
        return token
    }
}
