import AccountsDatabase
import MatrixProtocol
import Store

/// Tokens with which users prove to other services who they are ("OpenID").
extension Accounts {
    /// Makes a token (`POST /user/{userId}/openid/request_token`).
    ///
    /// - Throws: `M_FORBIDDEN` for another user.
    package func makeOpenIDToken(for user: UserID, by requester: Requester) async throws -> (token: String, seconds: Int64) {
        try Self.check(requester, is: user, "Tokens can be had for oneself only")
        let token = environment.random.alphanumeric(FreshTokens.length)
        let lifetime = settings.tokenLifetimes.openID
        try await database.keepOpenIDToken(Self.hash(ofToken: token), of: user, expiresAt: environment.clock.now() + lifetime)
        return (token, lifetime / 1000)
    }

    /// Who has asked for a token (`GET /_matrix/federation/v1/openid/userinfo`).
    ///
    /// - Throws: `M_UNKNOWN_TOKEN`.
    package func user(ofOpenIDToken token: String) throws -> UserID {
        let view = database.view()
        guard let user = try view.owner(ofOpenIDTokenHash: Self.hash(ofToken: token), at: environment.clock.now()),
            let account = try view.account(of: user), account.flags.isDisjoint(with: [.deactivated, .locked])
        else { throw MatrixError(.unknownToken, "Access token unknown or expired") }
        return user
    }
}
