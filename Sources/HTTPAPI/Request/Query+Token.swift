import Homeserver
import MatrixProtocol
import Store

extension Query {
    /// The largest distance from zero of a position in a token. No server comes so far, and what is computed with a position stays in range: an
    /// order is the position × 2^16.
    private static let positionMax: Int64 = 1 << 46

    /// A place in a room's timeline; nil if the parameter is missing. A token of a sync stands for the place after everything that the sync
    /// has told of, and so does a position of simplified sliding sync.
    ///
    /// - Throws: `M_INVALID_PARAM` if it is no token of this server.
    package func paginationToken(_ name: String) throws(MatrixError) -> PaginationToken? {
        guard let text = try string(name) else { return nil }
        let synced = SyncToken(text) ?? SlidingSyncPosition(text)?.token
        let token = PaginationToken(text) ?? synced.map { PaginationToken($0.rooms.position, suborder: .max) }
        guard let token, Self.isPossible(token.position) else { throw Self.isNoToken(name) }
        return token
    }

    /// How far a client has seen; nil if the parameter is missing.
    ///
    /// - Throws: `M_INVALID_PARAM` if it is no token of this server.
    package func syncToken(_ name: String) throws(MatrixError) -> SyncToken? {
        guard let text = try string(name) else { return nil }
        guard let token = SyncToken(text), SyncToken.Part.allCases.allSatisfy({ Self.isPossible(token.position(of: $0)) }),
            token.sticky.map({ Self.isPossible($0.position) }) ?? true
        else {
            throw Self.isNoToken(name)
        }
        return token
    }

    private static func isPossible(_ position: Position) -> Bool {
        (-positionMax...positionMax).contains(position.value)
    }

    private static func isNoToken(_ name: String) -> MatrixError {
        MatrixError(.invalidParameter, "Query parameter \(name) is not a token of this server")
    }
}
