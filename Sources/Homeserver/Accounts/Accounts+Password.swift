import AccountsDatabase
import CanonicalJSON
import Crypto
import MatrixProtocol
import Store

extension Accounts {
    /// Changes the requester's password (`POST /account/password`).
    ///
    /// - Parameters:
    ///   - logsOutDevices: whether all other logins of the requester end.
    ///   - auth: the request's `auth`.
    /// - Throws: `InteractiveAuthenticationRequired` until the client has sent the current password; `M_WEAK_PASSWORD`, `M_INVALID_PARAM`,
    ///   `M_LIMIT_EXCEEDED`.
    package func changePassword(of requester: Requester, to password: String, logsOutDevices: Bool, auth: JSONObject?) async throws {
        try Self.checkNewPassword(password)
        let user = requester.userID
        guard let account = try database.view().account(of: user) else { throw MatrixError(.unknownToken, "Unrecognised access token") }
        let change = JSONValue.array([.string(password), .bool(logsOutDevices)]).encoded()
        let authentication = InteractiveAuthentication(
            accounts: self, operation: "password", request: requestDigest(change), requester: requester, flows: [[Stage.password]],
            check: { [self] _, auth in
                let credentials = try PasswordCredentials(auth)
                let isOwn = credentials.user.flatMap { Username.localUserID($0, on: serverName) } == user
                guard try await passwords.verify(credentials.password, against: isOwn ? account.passwordHash : nil) else {
                    throw MatrixError(.forbidden, "Invalid password", status: 401)
                }
            })
        let session = try await authentication.authorize(auth)
        let hash = try await passwords.hash(password)
        do {
            try await database.changePassword(
                of: user, as: account, to: hash, logsOutDevices: logsOutDevices, keeping: requester.deviceID, ending: session)
        } catch is AccountsConflict {
            throw MatrixError(.unknown, "The account or the session has changed in the meantime", status: 400)
        }
    }

    /// What stands for a request in its session of user-interactive authentication. It tells nothing to who reads the database, since the key
    /// is never written down.
    private func requestDigest(_ request: [UInt8]) -> String {
        Base64URL.encode(Array(HMAC<SHA256>.authenticationCode(for: request, using: requestDigestKey)))
    }
}
