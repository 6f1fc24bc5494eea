import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store

extension Accounts {
    /// The types of logins ("Login").
    package enum LoginType: String, Sendable, CaseIterable {
        case password = "m.login.password"
        case token = "m.login.token"
        case jsonWebToken = "org.matrix.login.jwt"
    }

    /// The types of logins that there are on this server (`GET /login`).
    package var loginTypes: [LoginType] {
        LoginType.allCases.filter { type in
            switch type {
            case .password: settings.allowsPasswords
            case .token: settings.allowsLoginTokens
            case .jsonWebToken: settings.jsonWebTokens != nil
            }
        }
    }

    /// Logs a device in with a password (`POST /login`, "Password-based login").
    ///
    /// - Throws: `M_FORBIDDEN`, which takes as long for users who are not here; `M_USER_DEACTIVATED`, `M_USER_LOCKED`, `M_INVALID_PARAM`,
    ///   `M_LIMIT_EXCEEDED`.
    package func logIn(_ credentials: PasswordCredentials, on device: LoginDevice) async throws -> Login {
        try device.check()
        try countLogin(on: device)
        let forbidden = MatrixError(.forbidden, "Invalid user name or password")
        let user = try user(meantBy: credentials)
        let account = try user.flatMap { try database.view().account(of: $0) }
        let isRight = try await isRight(credentials, of: user, account)
        guard let user, let account else { throw forbidden }
        guard !account.flags.contains(.deactivated) else { throw Self.deactivated }
        guard isRight else { throw forbidden }
        return try await logIn(user, as: account, on: device)
    }

    /// - Throws: `M_LIMIT_EXCEEDED`.
    func countLogin(on device: LoginDevice) throws(MatrixError) {
        try rateLimits?.login.use(by: ClientNetwork(device.address))
    }

    /// Whether the password opens the account; without one it doesn't, which takes as long to say.
    ///
    /// - Parameter requester: who tries it, being logged in: strangers' attempts don't keep users from what is theirs.
    /// - Throws: `M_LIMIT_EXCEEDED` when too many have been wrong for that user.
    func isRight(
        _ credentials: PasswordCredentials, of user: UserID?, _ account: Account?, by requester: Requester? = nil
    ) async throws -> Bool {
        func verify() async throws -> Bool { try await passwords.verify(credentials.password, against: account?.passwordHash) }
        guard let rateLimits else { return try await verify() }
        if let requester {
            let name = "\(requester.userID) \(requester.deviceID ?? "")"
            return try await rateLimits.wrongPassword.countingFailures(of: name, verify)
        }
        let typed = credentials.user ?? credentials.email ?? ""
        // Longer names are nobody's, so nothing is to be found out about one of them in particular.
        let name = user?.string ?? (typed.utf8.count <= AccountsLimits.nameSizeMaxBytes ? typed : "")
        return try await rateLimits.wrongPassword.countingFailures(of: name, verify)
    }

    /// The user whom somebody says to be; nil if that is nobody here.
    func user(meantBy credentials: PasswordCredentials) throws -> UserID? {
        if let email = credentials.email { return try database.view().user(of: .email(email)) }
        return credentials.user.flatMap { Username.localUserID($0, on: serverName) }
    }

    /// Logs a device in with a token that another device of the user has asked for (`POST /login`, "Token-based login").
    ///
    /// - Throws: `M_FORBIDDEN` for a token that isn't good, `M_USER_DEACTIVATED`, `M_USER_LOCKED`, `M_INVALID_PARAM`.
    package func logIn(withToken token: String, on device: LoginDevice) async throws -> Login {
        try device.check()
        try countLogin(on: device)
        let hash = Self.hash(ofToken: token)
        guard let user = try await database.useLoginToken(hash), let account = try database.view().account(of: user) else {
            throw MatrixError(.forbidden, "The login token is unknown, used up, or too old")
        }
        return try await logIn(user, as: account, on: device)
    }

    /// Logs a device in whose user has proved to be the account's owner.
    ///
    /// - Parameter account: the account as it was then.
    /// - Throws: `M_USER_DEACTIVATED`, `M_USER_LOCKED`; `M_FORBIDDEN` when the account has changed since, or a key of the user's is called like
    ///   the device.
    func logIn(_ user: UserID, as account: Account, on device: LoginDevice) async throws -> Login {
        guard !account.flags.contains(.deactivated) else { throw Self.deactivated }
        guard !account.flags.contains(.locked) else { throw MatrixError.userLocked }
        let login = device.makeLogin(environment, settings.tokenLifetimes)
        do {
            try await database.logIn(user, as: account, login.kept, devicesMax: settings.devicesMax)
        } catch AccountsConflict.accountChanged {
            throw MatrixError(.forbidden, "The account has changed in the meantime")
        } catch AccountsConflict.deviceNamedLikeKey {
            throw Self.deviceNamedLikeKey
        }
        return Login(user: user, device: login.device)
    }

    static let deviceNamedLikeKey = MatrixError(.forbidden, "A cross-signing key of the user has this device ID", status: 400)

    /// Makes a token with which another device can log in once (`POST /login/get_token`).
    ///
    /// - Parameter auth: the request's `auth`.
    /// - Throws: `InteractiveAuthenticationRequired`; `M_UNRECOGNIZED` where there are no such tokens.
    package func makeLoginToken(for requester: Requester, auth: JSONObject?) async throws -> (token: String, milliseconds: Int64) {
        guard settings.allowsLoginTokens else { throw MatrixError(.unrecognized, "There are no login tokens on this server") }
        let session = try await confirmByPassword(
            "login_token", request: [], by: requester, of: try account(of: requester), auth: auth)
        let token = environment.random.alphanumeric(FreshTokens.length)
        let lifetime = settings.tokenLifetimes.login
        do {
            try await database.keepLoginToken(
                Self.hash(ofToken: token), of: requester.userID, expiresAt: environment.clock.now() + lifetime, ending: session)
        } catch AccountsConflict.sessionChanged {
            throw Self.sessionUsed
        }
        return (token, lifetime)
    }

    /// Ends the requester's login: its device and its access token are no more (`POST /logout`).
    package func logOut(_ requester: Requester) async throws {
        guard let device = requester.deviceID else { return }
        try await database.logOut(requester.userID, device: device, tokenHash: requester.tokenHash)
    }

    /// Ends all logins of the requester (`POST /logout/all`).
    package func logOutEverywhere(_ requester: Requester) async throws {
        await wait(forRemovalBy: try await database.logOutEverywhere(requester.userID, goingOnIn: jobs))
    }

    static let deactivated = MatrixError(.userDeactivated, "This account has been deactivated")
}
