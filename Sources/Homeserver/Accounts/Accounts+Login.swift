import AccountsDatabase
import MatrixProtocol
import Store

extension Accounts {
    /// The types of logins that there are (`GET /login`).
    package static let loginTypes = ["m.login.password"]

    /// Logs a device in with a password (`POST /login`, "Password-based login").
    ///
    /// - Throws: `M_FORBIDDEN`, which takes as long for users who are not here; `M_USER_DEACTIVATED`, `M_INVALID_PARAM`, `M_LIMIT_EXCEEDED`.
    package func logIn(_ credentials: PasswordCredentials, on device: LoginDevice) async throws -> Login {
        try device.check()
        let forbidden = MatrixError(.forbidden, "Invalid user name or password")
        let user = credentials.user.flatMap { Username.localUserID($0, on: serverName) }
        let account = try user.flatMap { try database.view().account(of: $0) }
        let isRight = try await passwords.verify(credentials.password, against: account?.passwordHash)
        guard let user, let account else { throw forbidden }
        guard !account.flags.contains(.deactivated) else { throw MatrixError(.userDeactivated, "This account has been deactivated") }
        guard isRight else { throw forbidden }
        let login = device.makeLogin(environment.random)
        do {
            try await database.logIn(user, as: account, login.kept)
        } catch AccountsConflict.accountChanged {
            throw forbidden
        }
        return Login(user: user, device: login.device)
    }

    /// Ends the requester's login: its device and its access token are no more (`POST /logout`).
    package func logOut(_ requester: Requester) async throws {
        guard let device = requester.deviceID else { return }
        try await database.logOut(requester.userID, device: device, tokenHash: requester.tokenHash)
    }

    /// Ends all logins of the requester (`POST /logout/all`).
    package func logOutEverywhere(_ requester: Requester) async throws {
        try await database.logOutEverywhere(requester.userID)
    }
}
