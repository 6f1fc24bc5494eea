import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsDatabase {
    /// Closes an account for ever: its logins end, and nothing stays of what its user had kept here but the name, which is taken.
    ///
    /// - Parameters:
    ///   - account: the account as it was when the user proved to be its owner; nil closes it however it is.
    ///   - isErased: whether the user wants to be forgotten.
    ///   - session: the session of user-interactive authentication that allowed it, which ends with it.
    ///   - begin: begins what other databases have to do, in the same commit.
    ///   - jobs: those of the database, `LoginRemoval.goingOn` among them.
    /// - Returns: the intent that was begun, and the job that goes on where there are too many logins for a commit.
    /// - Throws: `AccountsConflict.accountChanged`, `AccountsConflict.sessionChanged`.
    package func deactivate(
        _ user: UserID, as account: Account?, isErased: Bool, ending session: InteractiveAuthSession.Claim?,
        beginning begin: @escaping @Sendable (Commit) -> IntentID, goingOnIn jobs: Jobs
    ) async throws -> (intent: IntentID, job: JobID?) {
        try await database.commit { commit in
            try commit.end(session)
            guard var closed = try commit.get(AccountsMaps.userIDToAccount, user), account == nil || account == closed else {
                throw AccountsConflict.accountChanged
            }
            closed.passwordHash = nil
            closed.flags.insert(.deactivated)
            if isErased { closed.flags.insert(.erased) }
            commit.put(AccountsMaps.userIDToAccount, user, closed)
            let job = try commit.removeLogins(of: user, except: nil, goingOnIn: jobs)
            try commit.deleteBelongings(of: user)
            return (begin(commit), job)
        }
    }
}

extension Commit {
    /// Deletes all that is kept for a user, but the account itself and its logins.
    fileprivate func deleteBelongings(of user: UserID) throws {
        typealias Maps = AccountsMaps
        try removeThirdPartyIDs(of: user)
        let own = KeyRange.tuples(user)
        delete(Maps.interactiveAuthSessions, own)
        delete(Maps.accountData, own)
        delete(Maps.accountDataPositions, own)
        delete(Maps.filters, own)
        delete(Maps.keyIDToKey, own)
        delete(Maps.oneTimeKeys, own)
        delete(Maps.fallbackKeys, own)
        delete(Maps.keyCounts, own)
        delete(Maps.keySignatures, own)
        delete(Maps.dehydratedDevices, user)
        delete(Maps.lastOneTimeKeyUpdate, user)
        delete(Maps.userIDToMasterKeyID, user)
        delete(Maps.userIDToSelfSigningKeyID, user)
        delete(Maps.userIDToUserSigningKeyID, user)
        delete(Maps.backupIDToAlgorithm, own)
        delete(Maps.backupIDToETag, own)
        delete(Maps.backedUpKeys, own)
        try removePushers(of: user, device: nil)
    }
}
