import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// Whose refresh token it is; nil if there is none with this hash.
    package func refreshToken(ofHash hash: [UInt8]) throws -> RefreshToken? {
        try reader.get(AccountsMaps.refreshTokens, hash)
    }
}

extension AccountsDatabase {
    /// Gives a device new tokens for its refresh token ("Refreshing access tokens"). Its old access token ends now; the refresh token is good
    /// until something new is used, and then, when it is used once more, the tokens end that it was good for before.
    ///
    /// - Parameter hash: the refresh token's.
    /// - Returns: whether the token was still good.
    package func refresh(_ hash: [UInt8], to tokens: NewTokens) async throws -> Bool {
        try await database.commit { commit in
            guard let token = try commit.get(AccountsMaps.refreshTokens, hash), token.expiresAt.map({ $0 > commit.time }) ?? true,
                let account = try commit.get(AccountsMaps.userIDToAccount, token.user)
            else { return false }
            let key = TupleKey(token.user, token.device)
            guard let known = try commit.get(AccountsMaps.deviceToRefreshTokens, key) else { return false }
            // Of the two that are known, the one that isn't used now has either never arrived or is over.
            for other in [known.current, known.replaced].compactMap({ $0 }) where other != hash {
                commit.delete(AccountsMaps.refreshTokens, other)
            }
            if let old = try commit.get(AccountsMaps.deviceToToken, key) { commit.delete(AccountsMaps.tokenToOwner, old) }
            commit.put(tokens, of: token.user, device: token.device, account.flags, replacing: hash)
            return true
        }
    }

    /// Notes that an access token has been used, which ends the refresh token that it was got for.
    package func endRefreshToken(replacedBy hash: [UInt8]) async throws {
        try await database.commit { commit in
            guard var owner = try commit.get(AccountsMaps.tokenToOwner, hash), owner.endsRefreshToken else { return }
            owner.endsRefreshToken = false
            commit.put(AccountsMaps.tokenToOwner, hash, owner)
            let key = TupleKey(owner.user, owner.device)
            guard let known = try commit.get(AccountsMaps.deviceToRefreshTokens, key), let replaced = known.replaced else { return }
            commit.delete(AccountsMaps.refreshTokens, replaced)
            commit.put(AccountsMaps.deviceToRefreshTokens, key, DeviceRefreshTokens(current: known.current, replaced: nil))
        }
    }
}
