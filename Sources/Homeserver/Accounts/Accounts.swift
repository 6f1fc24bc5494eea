import AccountsDatabase
import Crypto
import MatrixProtocol
import Store

/// Users' accounts: registration, logins and access tokens, passwords, account data, filters.
///
/// What can be done stands in the extensions, one file for each subject. Everything that a client is to see is thrown as a `MatrixError`, or as
/// `InteractiveAuthenticationRequired`.
package final class Accounts: Sendable {
    let database: AccountsDatabase
    let serverName: ServerName
    let environment: Environment
    let settings: AccountsSettings
    let passwords: PasswordHasher
    /// Nil where everything can be done as often as one likes.
    let rateLimits: AccountsRateLimits?
    let nonces: RegistrationNonces
    let requestDigestKey: SymmetricKey
    let lastSeen: LastSeen
    let intents: Intents
    let jobs: Jobs

    /// The kind of intents that a new account begins, so that the user gets what else there is to have. The payload is the user ID.
    package static let newUserIntent = "new_user"

    /// - Parameters:
    ///   - intents: those of the database, `newUserIntent` and `deactivationIntent` among them.
    ///   - jobs: those of the database, `LoginRemoval.goingOn` among them.
    package init(
        database: AccountsDatabase, serverName: ServerName, environment: Environment, settings: AccountsSettings, intents: Intents,
        jobs: Jobs
    ) {
        self.intents = intents
        self.jobs = jobs
        self.database = database
        self.serverName = serverName
        self.environment = environment
        self.settings = settings
        passwords = PasswordHasher(environment: environment)
        rateLimits = settings.rateLimits.map { AccountsRateLimits($0, clock: environment.clock) }
        nonces = RegistrationNonces(environment: environment)
        lastSeen = LastSeen(database: database, environment: environment)
        requestDigestKey = SymmetricKey(data: environment.random.bytes(SymmetricKeySize.bits256.bitCount / 8))
    }

    /// Whose access token this is ("Using access tokens"). One read: it runs for every request. The first use of a token that was refreshed
    /// writes, too.
    ///
    /// - Parameter acceptsExpired: whether a token is good whose time is over, too: its session can still be logged out ("Soft logout").
    /// - Throws: as `requester` does.
    package func authenticate(token: String, acceptsExpired: Bool = false) async throws -> Requester {
        let (requester, endsRefreshToken) = try identify(token, acceptsExpired: acceptsExpired)
        if endsRefreshToken { try await database.endRefreshToken(replacedBy: requester.tokenHash) }
        return requester
    }

    /// Whose access token this is, without its being used.
    ///
    /// - Throws: `M_UNKNOWN_TOKEN`, with `soft_logout` when the token's time is over.
    package func requester(ofToken token: String) throws -> Requester {
        try identify(token).requester
    }

    private func identify(_ token: String, acceptsExpired: Bool = false) throws -> (requester: Requester, endsRefreshToken: Bool) {
        let hash = Self.hash(ofToken: token)
        guard let owner = try database.view().owner(ofTokenHash: hash) else {
            throw MatrixError(.unknownToken, "Unrecognised access token")
        }
        if !acceptsExpired, let expiresAt = owner.expiresAt, expiresAt <= environment.clock.now() {
            throw MatrixError.expiredToken("The access token has expired")
        }
        let requester = Requester(
            userID: owner.user, deviceID: owner.device, isAdmin: owner.flags.contains(.admin), isGuest: owner.flags.contains(.guest),
            isLocked: owner.flags.contains(.locked), isSuspended: owner.flags.contains(.suspended), tokenHash: hash)
        return (requester, owner.endsRefreshToken)
    }

    /// Notes that a requester's device has just been seen ("Device Management").
    ///
    /// - Parameter address: where the request comes from.
    package func noteUse(by requester: Requester, from address: String?) {
        lastSeen.note(requester, from: address)
    }

    /// Waits until logins have been removed, where a job goes on with that.
    func wait(forRemovalBy job: JobID?) async {
        // It is decided, whatever becomes of this now, and a failure is tried again.
        if let job { try? await jobs.wait(for: job) }
    }

    /// Whether there is, or was, an account of this name.
    package func exists(_ user: UserID) throws -> Bool {
        try database.view().account(of: user) != nil
    }

    /// Under what an access token is kept.
    static func hash(ofToken token: String) -> [UInt8] {
        var token = token
        return Array(token.withUTF8 { SHA256.hash(data: UnsafeRawBufferPointer($0)) })
    }

    /// Checks that the requester asks for what is its own.
    ///
    /// - Throws: `M_FORBIDDEN`.
    static func check(_ requester: Requester, is user: UserID, _ message: String) throws(MatrixError) {
        guard requester.userID == user else { throw MatrixError(.forbidden, message) }
    }
}
