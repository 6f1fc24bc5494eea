import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsDatabase {
    /// Sets an entry of a user's account data, in a room, or a global one for nil.
    ///
    /// - Parameter content: the content as JSON.
    /// - Returns: the change's position.
    /// - Throws: `AccountsConflict.tooMuchAccountData`.
    @discardableResult
    package func setAccountData(of user: UserID, in room: RoomID?, type: String, to content: [UInt8]) async throws -> Position {
        try await database.commit { commit in
            try commit.checkRoom(forAccountDataOf: user, in: room, type: type, content)
            return try commit.setAccountData(of: user, in: room, type: type, to: content)
        }
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
        try await database.commit { commit in
            try commit.changeAccountData(of: user, in: room, type: type) { old in
                let new = try change(old)
                try commit.checkRoom(forAccountDataOf: user, in: room, type: type, new)
                return new
            }
        }
    }
}

extension AccountsDatabase {
    /// How many entries of account data a user has at most, those included that were removed.
    package static let accountDataEntriesMax = 10_000
    /// How much the large entries of a user have together, in bytes.
    package static let largeAccountDataMaxBytes = 10 << 20
    /// From this size on an entry is a large one, in bytes.
    fileprivate static let largeAccountDataMinBytes = 4 << 10
}

extension Commit {
    /// Checks that a user may have an entry of account data beside the others.
    ///
    /// What is there is read for new entries and large ones only, so that the many small changes cost nothing.
    ///
    /// - Throws: `AccountsConflict.tooMuchAccountData`.
    fileprivate func checkRoom(forAccountDataOf user: UserID, in room: RoomID?, type: String, _ content: [UInt8]) throws {
        if try !contains(AccountsMaps.accountDataPositions, TupleKey(user, room, type)) {
            var entries = try domain(AccountsMaps.accountDataPositions, .tuples(user))
            guard try entries.collect(limit: AccountsDatabase.accountDataEntriesMax).count < AccountsDatabase.accountDataEntriesMax else {
                throw AccountsConflict.tooMuchAccountData
            }
        }
        guard content.count >= AccountsDatabase.largeAccountDataMinBytes else { return }
        let own = try AccountsView(self).accountDataPosition(of: user, in: room, type: type)
        var bytes = content.count
        var entries = try domain(AccountsMaps.accountData, .tuples(user))
        while let (key, entry) = try entries.next() {
            guard entry.content.count >= AccountsDatabase.largeAccountDataMinBytes, key.parts.1 != room || key.parts.2 != own else {
                continue
            }
            bytes += entry.content.count
            guard bytes <= AccountsDatabase.largeAccountDataMaxBytes else { throw AccountsConflict.tooMuchAccountData }
        }
    }

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
