import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// Whether a user has ever published cross-signing keys: others are changes of the user's identity.
    package func hasCrossSigningKeys(of user: UserID) throws -> Bool {
        try reader.contains(AccountsMaps.userIDToMasterKeyID, user)
    }

    /// A user's key for one purpose; nil if there is none.
    package func crossSigningKey(_ usage: CrossSigningUsage, of user: UserID) throws -> CrossSigningKey? {
        guard let id = try reader.get(usage.column, user), let json = try reader.get(AccountsMaps.keyIDToKey, TupleKey(user, id)),
            let object = try JSONValue(parsing: json).objectValue
        else { return nil }
        return CrossSigningKey(id: id, object: object)
    }

    /// What `signer` has signed of another user's master key; nil for nothing that is still good.
    ///
    /// - Returns: the signatures by the IDs of the signing keys.
    package func keySignatures(by signer: UserID, onKey keyID: String, of user: UserID) throws -> JSONObject? {
        guard let signature = try reader.get(AccountsMaps.keySignatures, TupleKey(signer, user)), signature.keyID == keyID else {
            return nil
        }
        return try JSONValue(parsing: signature.signatures).objectValue
    }

    /// The users whose keys `signer` has signed after a position.
    package func users(signedBy signer: UserID, after position: Position) throws -> [UserID] {
        var signatures = try reader.domain(AccountsMaps.keySignatures, .tuples(signer))
        return try signatures.collect().filter { $0.value.position > position }.map { $0.key.parts.1 }
    }
}

extension AccountsDatabase {
    /// Keeps cross-signing keys in the place of those that a user had.
    ///
    /// - Parameters:
    ///   - session: the session of user-interactive authentication that allowed it, which ends with it.
    ///   - choose: says which keys are to be kept, given what there is in the commit; what it throws is the outcome.
    /// - Throws: `AccountsConflict.sessionChanged`.
    package func keepCrossSigningKeys(
        of user: UserID, ending session: InteractiveAuthSession.Claim?,
        _ choose: @escaping @Sendable (AccountsView) throws -> [CrossSigningUsage: CrossSigningKey]
    ) async throws {
        try await database.commit { commit in
            try commit.end(session)
            let keys = try choose(AccountsView(commit))
            guard !keys.isEmpty else { return }
            for usage in CrossSigningUsage.allCases {
                guard let key = keys[usage] else { continue }
                if let old = try commit.get(usage.column, user) { commit.delete(AccountsMaps.keyIDToKey, TupleKey(user, old)) }
                commit.put(usage.column, user, key.id)
                commit.put(AccountsMaps.keyIDToKey, TupleKey(user, key.id), key.object.encoded())
            }
            commit.stampDeviceList(of: user, device: nil)
        }
    }
}
