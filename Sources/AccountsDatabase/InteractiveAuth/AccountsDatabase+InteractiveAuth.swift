import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// The session with this key, whether it has expired or not; nil if there is none.
    package func interactiveAuthSession(_ key: InteractiveAuthSession.Key) throws -> InteractiveAuthSession? {
        try reader.get(AccountsMaps.interactiveAuthSessions, key)
    }
}

extension AccountsDatabase {
    /// How many expired sessions the making of a new one clears away at most: more than one, so that they get fewer.
    private static let clearedSessionsMax = 4

    /// Keeps a session: a new one, or one that is there already, which then has the stages completed that it had and those of `session`.
    ///
    /// - Parameter isNew: whether it is a new one.
    /// - Returns: the session as it is kept.
    /// - Throws: `AccountsConflict.sessionChanged` when the session has ended in the meantime, or is for another request by now.
    package func keepInteractiveAuthSession(
        _ session: InteractiveAuthSession, _ key: InteractiveAuthSession.Key, isNew: Bool
    ) async throws -> InteractiveAuthSession {
        try await database.commit { commit in
            var kept = session
            if isNew {
                try commit.clearExpiredSessions(besides: key, max: Self.clearedSessionsMax)
            } else {
                guard let known = try commit.get(AccountsMaps.interactiveAuthSessions, key),
                    known.request == nil || known.request == session.request
                else { throw AccountsConflict.sessionChanged }
                kept.completed = known.completed + session.completed.filter { !known.completed.contains($0) }
                kept.proof = session.proof ?? known.proof
            }
            commit.put(AccountsMaps.interactiveAuthSessions, key, kept)
            return kept
        }
    }
}

extension Commit {
    /// Ends the session, so that it allows nothing twice.
    func end(_ claim: InteractiveAuthSession.Claim?) throws {
        guard let claim else { return }
        guard try get(AccountsMaps.interactiveAuthSessions, claim.key) == claim.session else { throw AccountsConflict.sessionChanged }
        delete(AccountsMaps.interactiveAuthSessions, claim.key)
    }

    fileprivate func clearExpiredSessions(besides key: InteractiveAuthSession.Key, max: Int) throws {
        let (user, device, _) = key.parts
        var oldest = try domain(AccountsMaps.interactiveAuthSessions, .tuples(user, device))
        for (key, session) in try oldest.collect(limit: max) where session.expiresAt <= time {
            delete(AccountsMaps.interactiveAuthSessions, key)
        }
    }
}
