import MatrixProtocol
import Store

@testable import Homeserver

extension SyncServer {
    /// Makes an account with the requester's device.
    func enter(_ user: Requester) async throws {
        _ = try await homeserver.accounts.createAccount(
            of: user.userID, password: nil, flags: [], device: LoginDevice(id: user.deviceID), ending: nil)
    }

    /// Logs a user in on one more device.
    func logIn(_ user: Requester) async throws {
        let accounts = homeserver.accounts
        let login = LoginDevice(id: user.deviceID).makeLogin(homeserver.environment, TokenLifetimes())
        try await accounts.database.logIn(user.userID, as: accounts.account(of: user), login.kept, devicesMax: 1000)
    }

    /// Removes a user's device.
    func logOut(_ user: Requester) async throws {
        try await homeserver.accounts.database.remove([user.deviceID ?? ""], of: user.userID, ending: nil)
    }
}
