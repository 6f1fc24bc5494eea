import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// A user's filter as JSON; nil if the user has none with this ID.
    package func filter(_ id: String, of user: UserID) throws -> [UInt8]? {
        try reader.get(AccountsMaps.filters, TupleKey(user, id))
    }
}

extension AccountsDatabase {
    /// Keeps a user's filter, as JSON, under an ID that stands for its content.
    package func keepFilter(_ filter: [UInt8], _ id: String, of user: UserID) async throws {
        guard try view().filter(id, of: user) == nil else { return }
        try await database.commit { commit in commit.put(AccountsMaps.filters, TupleKey(user, id), filter) }
    }
}
