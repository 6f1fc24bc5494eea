import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// A user's addresses.
    package func thirdPartyIDs(of user: UserID) throws -> [(id: ThirdPartyID, times: ThirdPartyIDTimes)] {
        var ids = try reader.domain(AccountsMaps.thirdPartyIDs, .tuples(user))
        return try ids.collect().map { key, times in
            let (_, medium, address) = key.parts
            return (ThirdPartyID(medium: medium, address: address), times)
        }
    }

    /// Whose address it is; nil if it is nobody's here.
    package func user(of id: ThirdPartyID) throws -> UserID? {
        try reader.get(AccountsMaps.thirdPartyIDToUser, TupleKey(id.medium, id.address))
    }

    /// The validation session with this ID, whether it has expired or not.
    package func validationSession(_ id: String) throws -> ValidationSession? {
        try reader.get(AccountsMaps.validationSessions, id)
    }
}

extension AccountsDatabase {
    /// How many validation sessions the making of one looks at, to clear away those that have expired.
    private static let sessionsLookedAtMax = 4

    /// Adds an address to an account, if the user has proved that it is one of the user's.
    ///
    /// - Parameters:
    ///   - proof: the validation session, which ends.
    ///   - session: the session of user-interactive authentication that allowed it, which ends with it.
    /// - Throws: `AccountsConflict.thirdPartyIDInUse`, `AccountsConflict.sessionChanged` when the proof is not good.
    package func addThirdPartyID(
        provedBy proof: String, to user: UserID, ending session: InteractiveAuthSession.Claim?
    ) async throws {
        try await database.commit { commit in
            try commit.end(session)
            try commit.addThirdPartyID(provedBy: proof, to: user)
        }
    }

    /// Takes an address away from an account, if it is that user's, and the pushers that send messages to it.
    package func removeThirdPartyID(_ id: ThirdPartyID, of user: UserID) async throws {
        try await database.commit { commit in
            let key = TupleKey(id.medium, id.address)
            guard try commit.get(AccountsMaps.thirdPartyIDToUser, key) == user else { return }
            commit.delete(AccountsMaps.thirdPartyIDToUser, key)
            commit.delete(AccountsMaps.thirdPartyIDs, TupleKey(user, id.medium, id.address))
            try commit.removePushers(of: user, to: id)
        }
    }

    /// Keeps a validation session, or deletes it.
    package func setValidationSession(_ id: String, to session: ValidationSession?) async throws {
        try await database.commit { commit in
            guard let session else { return commit.delete(AccountsMaps.validationSessions, id) }
            // IDs lie anywhere, so a session's neighbours are as good as any.
            var neighbours = try commit.domain(AccountsMaps.validationSessions, KeyRange.all.from(id.encoded))
            for (neighbour, other) in try neighbours.collect(limit: Self.sessionsLookedAtMax) where other.expiresAt <= commit.time {
                commit.delete(AccountsMaps.validationSessions, neighbour)
            }
            commit.put(AccountsMaps.validationSessions, id, session)
        }
    }

    /// Notes that somebody has read what was sent.
    ///
    /// - Returns: the session; nil if there is none that this proves.
    package func validate(_ id: String, clientSecretHash: [UInt8], tokenHash: [UInt8]) async throws -> ValidationSession? {
        try await database.commit { commit in
            guard var session = try commit.get(AccountsMaps.validationSessions, id), session.expiresAt > commit.time,
                session.clientSecretHash == clientSecretHash, session.tokenHash == tokenHash
            else { return nil }
            if session.validatedAt == nil {
                session.validatedAt = commit.time
                commit.put(AccountsMaps.validationSessions, id, session)
            }
            return session
        }
    }
}

extension Commit {
    /// Adds the address of a validation session to an account; the session ends.
    func addThirdPartyID(provedBy proof: String, to user: UserID) throws {
        guard let session = try get(AccountsMaps.validationSessions, proof), session.expiresAt > time, let validatedAt = session.validatedAt
        else { throw AccountsConflict.sessionChanged }
        let id = session.thirdPartyID
        let key = TupleKey(id.medium, id.address)
        if let owner = try get(AccountsMaps.thirdPartyIDToUser, key), owner != user { throw AccountsConflict.thirdPartyIDInUse }
        delete(AccountsMaps.validationSessions, proof)
        put(AccountsMaps.thirdPartyIDToUser, key, user)
        put(AccountsMaps.thirdPartyIDs, TupleKey(user, id.medium, id.address), ThirdPartyIDTimes(validatedAt: validatedAt, addedAt: time))
    }

    /// Takes all addresses away from an account.
    func removeThirdPartyIDs(of user: UserID) throws {
        for (id, _) in try AccountsView(self).thirdPartyIDs(of: user) {
            delete(AccountsMaps.thirdPartyIDToUser, TupleKey(id.medium, id.address))
            delete(AccountsMaps.thirdPartyIDs, TupleKey(user, id.medium, id.address))
        }
    }
}
