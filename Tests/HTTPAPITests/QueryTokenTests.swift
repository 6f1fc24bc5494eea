import MatrixProtocol
import Store
import Testing

@testable import HTTPAPI

/// Tokens in a query: those that the server has given out, and those that somebody made up.
@Suite struct QueryTokenTests {
    private func query(_ token: some CustomStringConvertible) -> Query { Query("token=\(token)") }

    private let refused = MatrixError(.invalidParameter, "Query parameter token is not a token of this server")

    @Test func tokensOfTimelines() throws {
        let token = PaginationToken(Position(77), suborder: 5)
        #expect(try query(token).paginationToken("token") == token)
        #expect(try query(token).paginationToken("other") == nil)
        #expect(throws: refused) { try query(token).syncToken("token") }
        #expect(throws: refused) { try query("").paginationToken("token") }
        #expect(throws: refused) { try query("t47429").paginationToken("token") }
    }

    @Test func aSyncStandsForThePlaceAfterAllThatItHasTold() throws {
        let token = SyncToken(rooms: Position(77), accounts: Position(88), transitory: Position(99))
        #expect(try query(token).paginationToken("token") == PaginationToken(Position(77), suborder: .max))
        #expect(try query(token).syncToken("token") == token)
    }

    /// Nothing that is computed with a position overflows.
    @Test(arguments: [.max, .max - 1, 1 << 47, -1 << 47, .min] as [Int64])
    func impossiblePositions(_ value: Int64) {
        let (position, zero) = (Position(value), Position(0))
        #expect(throws: refused) { try query(PaginationToken(position, suborder: .max)).paginationToken("token") }
        for token in [
            SyncToken(rooms: position, accounts: zero, transitory: zero), SyncToken(rooms: zero, accounts: position, transitory: zero),
            SyncToken(rooms: zero, accounts: zero, transitory: position),
        ] {
            #expect(throws: refused) { try query(token).syncToken("token") }
        }
    }
}
