import AccountsDatabase
import MatrixProtocol
import Store

extension Accounts {
    /// Logs a device in with a JSON Web Token (`POST /login`, `org.matrix.login.jwt`), whose user gets an account if there is none yet.
    ///
    /// - Throws: `M_FORBIDDEN` for a token that isn't good, `M_USER_DEACTIVATED`, `M_USER_LOCKED`, `M_INVALID_PARAM`.
    package func logIn(withJSONWebToken token: String, on device: LoginDevice) async throws -> Login {
        try device.check()
        try countLogin(on: device)
        let user = try user(ofJSONWebToken: token)
        if try database.view().account(of: user) == nil {
            do {
                _ = try await createAccount(of: user, password: nil, flags: [], device: nil, ending: nil)
            } catch let error as MatrixError where error.code == .userInUse {
                // Two logins at the same time: the other one has made it.
            }
        }
        guard let account = try database.view().account(of: user) else { throw MatrixError(.forbidden, "There is no such account") }
        return try await logIn(user, as: account, on: device)
    }

    /// The user whose token it is.
    ///
    /// - Throws: `M_FORBIDDEN`.
    func user(ofJSONWebToken text: String) throws(MatrixError) -> UserID {
        guard let settings = settings.jsonWebTokens else { throw MatrixError(.forbidden, "There are no logins with JSON Web Tokens here") }
        do throws(JSONWebToken.Invalid) {
            let token = try JSONWebToken(text, signedWith: settings.key)
            try token.check(settings, at: environment.clock.now() / 1000)
            guard let name = token.claims[settings.subjectClaim]?.stringValue, let user = try? Username.newUserID(name, on: serverName)
            else {
                throw JSONWebToken.Invalid(reason: "\(settings.subjectClaim) is no user name")
            }
            return user
        } catch {
            throw MatrixError(.forbidden, "The JSON Web Token is not accepted: \(error.reason)")
        }
    }
}
