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
        try await database.commit { try $0.setAccountData(of: user, in: room, type: type, to: content) }
    }

    /// Removes an entry of a user's account data, if there is one, in a room, or a global one for nil (MSC3391).
    package func removeAccountData(of user: UserID, in room: RoomID?, type: String) async throws {
        try await database.commit { try $0.removeAccountData(of: user, in: room, type: type) }
    }

    /// Changes an entry of a user's account data, in a room, or a global one for nil.
    ///
    /// - Parameter change: makes the new content of the old one, both as JSON; nil stands for an entry that was never set.
    package func changeAccountData(
        of user: UserID, in room: RoomID?, type: String, _ change: @escaping @Sendable (_ old: [UInt8]?) throws -> [UInt8]
    ) async throws {
        try await database.commit { try $0.changeAccountData(of: user, in: room, type: type, change) }
    }
}

extension Commit {
    /// Changes an entry of a user's account data, in a room, or a global one for nil.
    ///
    /// - Parameter change: makes the new content of the old one, both as JSON, or nil where it stays as it is; nil also stands for an entry that
    ///   was never set.
    package func changeAccountData(
        of user: UserID, in room: RoomID?, type: String, _ change: (_ old: [UInt8]?) throws -> [UInt8]?
    ) throws {
        let old = try AccountsView(self).accountData(of: user, in: room, type: type)
        if let new = try change(old) { try setAccountData(of: user, in: room, type: type, to: new) }
    }

    @discardableResult
    func setAccountData(of user: UserID, in room: RoomID?, type: String, to content: [UInt8]) throws -> Position {
        let key = TupleKey(user, room, type)
        if let old = try get(AccountsMaps.accountDataPositions, key) {
            delete(AccountsMaps.accountData, TupleKey(user, room, old))
        }
        let position = stamp(kind: AccountsChange.accountData.rawValue, scope: .user(user)) { _ in
            AccountsChange.accountDataKey(room, type)
        }
        put(AccountsMaps.accountDataPositions, key, position)
        put(AccountsMaps.accountData, TupleKey(user, room, position), AccountDataEntry(type: type, content: content))
        return position
    }

    /// Removes an entry of a user's account data, if there is one (MSC3391).
    func removeAccountData(of user: UserID, in room: RoomID?, type: String) throws {
        guard try AccountsView(self).accountData(of: user, in: room, type: type) != nil else { return }
        try setAccountData(of: user, in: room, type: type, to: AccountDataEntry.removed)
    }
}
