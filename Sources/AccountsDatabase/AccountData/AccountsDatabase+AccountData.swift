import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsDatabase {
    /// Sets an entry of a user's account data, in a room, or a global one for nil.
    ///
    /// - Parameter content: the content as JSON.
    /// - Returns: the change's position.
    @discardableResult
    package func setAccountData(of user: UserID, in room: RoomID?, type: String, to content: [UInt8]) async throws -> Position {
        try await database.commit { commit in
            let key = TupleKey(user, room, type)
            if let old = try commit.get(AccountsMaps.accountDataPositions, key) {
                commit.delete(AccountsMaps.accountData, TupleKey(user, room, old))
            }
            let position = commit.stamp(kind: AccountsChange.accountData.rawValue, scope: .user(user)) { _ in
                AccountsChange.accountDataKey(room, type)
            }
            commit.put(AccountsMaps.accountDataPositions, key, position)
            commit.put(AccountsMaps.accountData, TupleKey(user, room, position), AccountDataEntry(type: type, content: content))
            return position
        }
    }
}
