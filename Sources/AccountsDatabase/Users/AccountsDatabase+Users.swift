import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// The user's account, or nil.
    package func account(of user: UserID) throws -> Account? {
        try reader.get(AccountsMaps.userIDToAccount, user)
    }

    /// The users with accounts, in the order of their IDs, at most `limit`.
    package func accounts(limit: Int) throws -> [(user: UserID, account: Account)] {
        var accounts = try reader.domain(AccountsMaps.userIDToAccount, .all)
        return try accounts.collect(limit: limit).map { ($0.key, $0.value) }
    }
}

extension AccountsDatabase {
    /// Makes an account, and logs its user in.
    ///
    /// - Parameters:
    ///   - login: the first login; nil makes none.
    ///   - proof: the validation session of an address that becomes the user's, which ends with it.
    ///   - session: the session of user-interactive authentication that allowed it, which ends with it.
    ///   - begin: begins what else a new account calls for, in the same commit.
    /// - Returns: the intent that was begun.
    /// - Throws: `AccountsConflict.userExists`, `AccountsConflict.sessionChanged`, `AccountsConflict.thirdPartyIDInUse`.
    package func createAccount(
        of user: UserID, passwordHash: String?, flags: AccountFlags, login: NewLogin?, provingAddress proof: String? = nil,
        ending session: InteractiveAuthSession.Claim?, beginning begin: @escaping @Sendable (Commit) -> IntentID
    ) async throws -> IntentID {
        try await database.commit { commit in
            try commit.end(session)
            guard try !commit.contains(AccountsMaps.userIDToAccount, user) else { throw AccountsConflict.userExists }
            commit.put(
                AccountsMaps.userIDToAccount, user, Account(passwordHash: passwordHash, createdAt: commit.time, flags: flags))
            if let proof { try commit.addThirdPartyID(provedBy: proof, to: user) }
            if let login { try commit.add(login, of: user, flags, devicesMax: 1) }
            return begin(commit)
        }
    }

    /// Makes a guest's account a user's, which goes on with all logins.
    ///
    /// - Parameters:
    ///   - login: one more login; nil makes none.
    ///   - devicesMax: as for `logIn`.
    ///   - proof: the validation session of an address that becomes the user's, which ends with it.
    ///   - session: the session of user-interactive authentication that allowed it, which ends with it.
    /// - Throws: `AccountsConflict.accountChanged` when it is no guest's, `AccountsConflict.sessionChanged`,
    ///   `AccountsConflict.thirdPartyIDInUse`.
    package func makeUser(
        of guest: UserID, passwordHash: String, login: NewLogin?, devicesMax: Int, provingAddress proof: String?,
        ending session: InteractiveAuthSession.Claim?
    ) async throws {
        try await database.commit { commit in
            try commit.end(session)
            guard var account = try commit.get(AccountsMaps.userIDToAccount, guest), account.flags.remove(.guest) != nil else {
                throw AccountsConflict.accountChanged
            }
            account.passwordHash = passwordHash
            commit.put(AccountsMaps.userIDToAccount, guest, account)
            try commit.setFlags(account.flags, onTokensOf: guest)
            if let proof { try commit.addThirdPartyID(provedBy: proof, to: guest) }
            if let login { try commit.add(login, of: guest, account.flags, devicesMax: devicesMax) }
        }
    }

    /// Gives an account another password.
    ///
    /// - Parameters:
    ///   - account: the account as it was when the user proved to be its owner.
    ///   - logsOutDevices: whether all logins end but that of `device`.
    ///   - session: the session of user-interactive authentication that allowed it, which ends with it.
    ///   - jobs: those of the database, `LoginRemoval.goingOn` among them.
    /// - Returns: the job that goes on where there are too many logins for a commit.
    /// - Throws: `AccountsConflict.accountChanged`, `AccountsConflict.sessionChanged`.
    package func changePassword(
        of user: UserID, as account: Account, to passwordHash: String, logsOutDevices: Bool, keeping device: String?,
        ending session: InteractiveAuthSession.Claim?, goingOnIn jobs: Jobs
    ) async throws -> JobID? {
        try await database.commit { commit in
            try commit.end(session)
            guard try commit.get(AccountsMaps.userIDToAccount, user) == account else { throw AccountsConflict.accountChanged }
            var changed = account
            changed.passwordHash = passwordHash
            commit.put(AccountsMaps.userIDToAccount, user, changed)
            return logsOutDevices ? try commit.removeLogins(of: user, except: device, goingOnIn: jobs) : nil
        }
    }
}
