import AccountsDatabase
import CanonicalJSON
import Crypto
import MatrixProtocol
import Store

extension Accounts {
    /// Has the requester confirm an operation with the account's password ("Password-based"), or, where they are configured, with a JSON Web
    /// Token.
    ///
    /// - Parameters:
    ///   - operation: what is to be done, such as `password`.
    ///   - request: what in the request has to stay the same, in any form.
    ///   - account: the requester's account.
    ///   - auth: the request's `auth`.
    /// - Returns: the session whose end allows the operation; nil if there is none.
    /// - Throws: `InteractiveAuthenticationRequired` until the client has done it; `M_LIMIT_EXCEEDED`, `M_FORBIDDEN`, `M_UNKNOWN`.
    func confirmByPassword(
        _ operation: String, request: [UInt8], by requester: Requester, of account: Account, auth: JSONObject?
    ) async throws -> InteractiveAuthSession.Claim? {
        var flows = [[Stage.password]]
        if settings.jsonWebTokens != nil { flows.append([Stage.jsonWebToken]) }
        let authentication = InteractiveAuthentication(
            accounts: self, operation: operation, request: requestDigest(request), requester: requester, flows: flows,
            check: { [self] stage, auth in
                if stage == Stage.jsonWebToken {
                    try checkJSONWebToken(auth, of: requester.userID)
                } else {
                    try await checkPassword(auth, of: requester, account)
                }
            })
        return try await authentication.authorize(auth)
    }

    private func checkPassword(_ auth: JSONObject, of requester: Requester, _ account: Account) async throws {
        let credentials = try PasswordCredentials(auth)
        let meant = try self.user(meantBy: credentials)
        guard try await isRight(credentials, of: meant, meant == requester.userID ? account : nil, by: requester) else {
            throw MatrixError(.forbidden, "Invalid password", status: 401)
        }
    }

    private func checkJSONWebToken(_ auth: JSONObject, of user: UserID) throws(MatrixError) {
        guard let token = auth["token"]?.stringValue, (try? self.user(ofJSONWebToken: token)) == user else {
            throw MatrixError(.forbidden, "This is no token of yours", status: 401)
        }
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
    func requestDigest(_ request: [UInt8]) -> String {
        Base64URL.encode(Array(HMAC<SHA256>.authenticationCode(for: request, using: requestDigestKey)))
    }
}
