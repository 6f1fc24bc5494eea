import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

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
        let account = try account(of: requester)
        let change = JSONValue.array([.string(password), .bool(logsOutDevices)]).encoded()
        let session = try await confirmByPassword("password", request: change, by: requester, of: account, auth: auth)
        let hash = try await passwords.hash(password)
        do {
            try await database.changePassword(
                of: requester.userID, as: account, to: hash, logsOutDevices: logsOutDevices, keeping: requester.deviceID, ending: session)
        } catch is AccountsConflict {
            throw MatrixError(.unknown, "The account or the session has changed in the meantime", status: 400)
        }
    }
}
