import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsDatabase {
    /// Sets or clears one of an account's flags, for all its logins too.
    ///
    /// - Throws: `AccountsConflict.accountChanged` when there is no such account, or it is deactivated.
    package func setFlag(_ flag: AccountFlags, of user: UserID, to isSet: Bool) async throws {
        try await database.commit { commit in
            guard var account = try commit.get(AccountsMaps.userIDToAccount, user), !account.flags.contains(.deactivated) else {
                throw AccountsConflict.accountChanged
            }
            if isSet { account.flags.insert(flag) } else { account.flags.remove(flag) }
            commit.put(AccountsMaps.userIDToAccount, user, account)
            try commit.setFlags(account.flags, onTokensOf: user)
        }
    }
}
