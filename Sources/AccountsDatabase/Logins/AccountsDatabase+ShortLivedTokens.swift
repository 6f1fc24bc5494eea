import MatrixProtocol
import Store
import StoredIdentifiers

/// Tokens that say who somebody is, and are good for a short while: those for one login ("Token-based login"), and those for other services
/// ("OpenID").
extension AccountsView {
    /// Who has asked for the OpenID token; nil if there is none with this hash, or its time is over.
    package func owner(ofOpenIDTokenHash hash: [UInt8], at now: Int64) throws -> UserID? {
        guard let (expiresAt, user) = try reader.get(AccountsMaps.openIDTokens, hash)?.parts, expiresAt > now else { return nil }
        return user
    }
}

extension Commit {
    /// Removes the tokens with which a user's devices would have others logged in; there are few, since they last for minutes.
    func removeLoginTokens(of user: UserID) throws {
        var tokens = try domain(AccountsMaps.loginTokens, .all)
        for (hash, value) in try tokens.collect() where value.parts.1 == user { delete(AccountsMaps.loginTokens, hash) }
    }
}

extension AccountsDatabase {
    /// How many tokens the making of a new one looks at, to clear away those that have expired: more than one, so that they get fewer.
    private static let lookedAtMax = 4

    /// Keeps a token for other services.
    package func keepOpenIDToken(_ hash: [UInt8], of user: UserID, expiresAt: Int64) async throws {
        try await database.commit { commit in
            try Self.keep(hash, of: user, expiresAt: expiresAt, in: AccountsMaps.openIDTokens, commit)
        }
    }

    /// Keeps a token for one login.
    ///
    /// - Parameter session: the session of user-interactive authentication that allowed it, which ends with it.
    /// - Throws: `AccountsConflict.sessionChanged`.
    package func keepLoginToken(
        _ hash: [UInt8], of user: UserID, expiresAt: Int64, ending session: InteractiveAuthSession.Claim?
    ) async throws {
        try await database.commit { commit in
            try commit.end(session)
            try Self.keep(hash, of: user, expiresAt: expiresAt, in: AccountsMaps.loginTokens, commit)
        }
    }

    /// Uses a token for one login up.
    ///
    /// - Returns: who has asked for it; nil if there is none with this hash, or its time is over.
    package func useLoginToken(_ hash: [UInt8]) async throws -> UserID? {
        try await database.commit { commit in
            guard let (expiresAt, user) = try commit.get(AccountsMaps.loginTokens, hash)?.parts else { return nil }
            commit.delete(AccountsMaps.loginTokens, hash)
            return expiresAt > commit.time ? user : nil
        }
    }

    private static func keep(
        _ hash: [UInt8], of user: UserID, expiresAt: Int64, in column: Column<[UInt8], TupleKey<Int64, UserID>>, _ commit: Commit
    ) throws {
        // Hashes lie anywhere, so their neighbours are as good as any.
        var neighbours = try commit.domain(column, KeyRange.all.from(hash))
        for (neighbour, value) in try neighbours.collect(limit: lookedAtMax) where value.parts.0 <= commit.time {
            commit.delete(column, neighbour)
        }
        commit.put(column, hash, TupleKey(expiresAt, user))
    }
}
