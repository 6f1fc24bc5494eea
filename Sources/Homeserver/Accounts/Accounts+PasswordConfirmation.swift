import AccountsDatabase
import CanonicalJSON
import Crypto
import MatrixProtocol
import Store

extension Accounts {
    /// Has the requester confirm an operation with the account's password ("Password-based").
    ///
    /// - Parameters:
    ///   - operation: what is to be done, such as `password`.
    ///   - request: what in the request has to stay the same, in any form.
    ///   - account: the requester's account.
    ///   - auth: the request's `auth`.
    /// - Returns: the session whose end allows the operation; nil if there is none.
    /// - Throws: `InteractiveAuthenticationRequired` until the client has sent the password; `M_LIMIT_EXCEEDED`, `M_FORBIDDEN`, `M_UNKNOWN`.
    func confirmByPassword(
        _ operation: String, request: [UInt8], by requester: Requester, of account: Account, auth: JSONObject?
    ) async throws -> InteractiveAuthSession.Claim? {
        let authentication = InteractiveAuthentication(
            accounts: self, operation: operation, request: requestDigest(request), requester: requester, flows: [[Stage.password]],
            check: { [self] _, auth in
                let credentials = try PasswordCredentials(auth)
                let isOwn = credentials.user.flatMap { Username.localUserID($0, on: serverName) } == requester.userID
                guard try await passwords.verify(credentials.password, against: isOwn ? account.passwordHash : nil) else {
                    throw MatrixError(.forbidden, "Invalid password", status: 401)
                }
            })
        return try await authentication.authorize(auth)
    }

    /// The requester's account.
    ///
    /// - Throws: `M_UNKNOWN_TOKEN` if it is gone.
    func account(of requester: Requester) throws -> Account {
        guard let account = try database.view().account(of: requester.userID) else {
            throw MatrixError(.unknownToken, "Unrecognised access token")
        }
        return account
    }

    /// What stands for a request in its session of user-interactive authentication. It tells nothing to who reads the database, since the key
    /// is never written down.
    private func requestDigest(_ request: [UInt8]) -> String {
        Base64URL.encode(Array(HMAC<SHA256>.authenticationCode(for: request, using: requestDigestKey)))
    }
}
