import AccountsDatabase
import MatrixProtocol
import Store

extension Accounts {
    /// Gives a device new tokens for its refresh token (`POST /refresh`, "Refreshing access tokens").
    ///
    /// - Throws: `M_UNKNOWN_TOKEN`, with `soft_logout` when the token's time is over, so that the device can log in again and keep what it has;
    ///   `M_USER_LOCKED`.
    package func refresh(_ refreshToken: String) async throws -> FreshTokens {
        let hash = Self.hash(ofToken: refreshToken)
        let view = database.view()
        guard let token = try view.refreshToken(ofHash: hash), let account = try view.account(of: token.user) else {
            throw MatrixError(.unknownToken, "Unrecognised refresh token")
        }
        let now = environment.clock.now()
        if let expiresAt = token.expiresAt, expiresAt <= now { throw MatrixError.expiredToken("The refresh token has expired") }
        guard !account.flags.contains(.locked) else { throw MatrixError.userLocked }
        let tokens = FreshTokens(canRefresh: true, environment, settings.tokenLifetimes)
        guard try await database.refresh(hash, to: tokens.kept(at: now, settings.tokenLifetimes)) else {
            throw MatrixError(.unknownToken, "The refresh token has been used in the meantime")
        }
        return tokens
    }
}

extension MatrixError {
    /// What somebody is told whose login goes on with another token ("Soft logout").
    static func expiredToken(_ message: String) -> MatrixError {
        MatrixError(.unknownToken, message, extra: ["soft_logout": true])
    }
}
