import AccountsDatabase
import Store

/// How long tokens are good, in milliseconds; nil stands for as long as the login.
package struct TokenLifetimes: Sendable, Equatable {
    /// Access tokens of clients that can refresh them.
    package var refreshableAccess: Int64?
    /// Access tokens of other clients.
    package var otherAccess: Int64?
    /// Refresh tokens, from one refreshing to the next.
    package var refresh: Int64?
    /// Tokens for one login ("Token-based login").
    package var login: Int64 = 2 * 60 * 1000
    /// Tokens for other services ("OpenID").
    package var openID: Int64 = 60 * 60 * 1000

    package init(refreshableAccess: Int64? = 5 * 60 * 1000, otherAccess: Int64? = nil, refresh: Int64? = nil) {
        self.refreshableAccess = refreshableAccess
        self.otherAccess = otherAccess
        self.refresh = refresh
    }
}

/// The tokens that a client gets; the server keeps their hashes.
package struct FreshTokens: Sendable, Equatable {
    package let accessToken: String
    /// How long the access token is good; nil for as long as the login.
    package let expiresInMilliseconds: Int64?
    package let refreshToken: String?

    /// How many letters and digits a token has: 238 bits.
    static let length = 40

    init(canRefresh: Bool, _ environment: Environment, _ lifetimes: TokenLifetimes) {
        accessToken = environment.random.alphanumeric(Self.length)
        expiresInMilliseconds = canRefresh ? lifetimes.refreshableAccess : lifetimes.otherAccess
        refreshToken = canRefresh ? environment.random.alphanumeric(Self.length) : nil
    }

    /// What is to be kept of them.
    func kept(at now: Int64, _ lifetimes: TokenLifetimes) -> NewTokens {
        NewTokens(
            accessHash: Accounts.hash(ofToken: accessToken), accessExpiresAt: expiresInMilliseconds.map { now + $0 },
            refreshHash: refreshToken.map { Accounts.hash(ofToken: $0) }, refreshExpiresAt: lifetimes.refresh.map { now + $0 })
    }
}
