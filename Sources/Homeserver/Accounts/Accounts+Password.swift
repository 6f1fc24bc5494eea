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
        guard !requester.isGuest else { throw MatrixError(.guestAccessForbidden, "Guests have no password") }
        try Self.checkNewPassword(password)
        let account = try account(of: requester)
        let change = JSONValue.array([.string(password), .bool(logsOutDevices)]).encoded()
        let session = try await confirmByPassword("password", request: change, by: requester, of: account, auth: auth)
        let hash = try await passwords.hash(password)
        do {
            let job = try await database.changePassword(
                of: requester.userID, as: account, to: hash, logsOutDevices: logsOutDevices, keeping: requester.deviceID, ending: session,
                goingOnIn: jobs)
            await wait(forRemovalBy: job)
        } catch is AccountsConflict {
            throw Self.changedMeanwhile
        }
    }

    /// Gives the user whose email address is proved another password (`POST /account/password` without an access token).
    ///
    /// - Parameters:
    ///   - logsOutDevices: whether all logins of the user end.
    ///   - auth: the request's `auth`.
    ///   - address: where the request comes from.
    /// - Throws: `InteractiveAuthenticationRequired` until the client has shown a proof; `M_MISSING_TOKEN` where no mail server is configured,
    ///   `M_THREEPID_NOT_FOUND` when the address is nobody's any more; else as `changePassword`.
    package func resetPassword(
        to password: String, logsOutDevices: Bool, auth: JSONObject?, from address: String? = nil
    ) async throws {
        guard settings.email != nil else { throw MatrixError(.missingToken, "Missing access token") }
        try Self.checkNewPassword(password)
        let change = JSONValue.array([.string(password), .bool(logsOutDevices)]).encoded()
        let authentication = InteractiveAuthentication(
            accounts: self, operation: "password_reset", request: requestDigest(change), requester: nil, flows: [[Stage.email]],
            check: { [self] _, auth in
                let email = try EmailStage(auth)
                _ = try provedSession(email.sid, clientSecret: email.clientSecret, for: .passwordReset, status: 401)
            }, proof: EmailStage.proof, count: { [self] () throws(MatrixError) in try countRegistration(from: address) })
        let claim = try await authentication.authorize(auth)
        let view = database.view()
        guard let proof = claim?.session.proof, let address = try view.validationSession(proof)?.thirdPartyID,
            let user = try view.user(of: address), let account = try view.account(of: user)
        else { throw MatrixError(.threePIDNotFound, "This email address belongs to no account here") }
        let hash = try await passwords.hash(password)
        do {
            let job = try await database.changePassword(
                of: user, as: account, to: hash, logsOutDevices: logsOutDevices, keeping: nil, ending: claim, goingOnIn: jobs)
            await wait(forRemovalBy: job)
        } catch is AccountsConflict {
            throw Self.changedMeanwhile
        }
        try await database.setValidationSession(proof, to: nil)
    }

    static let changedMeanwhile = MatrixError(.unknown, "The account or the session has changed in the meantime", status: 400)
}
