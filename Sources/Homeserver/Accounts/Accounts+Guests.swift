import AccountsDatabase
import MatrixProtocol
import Store

/// Guests: accounts with few rights that anybody gets ("Guest Access").
extension Accounts {
    /// Makes a guest's account (`POST /register?kind=guest`). The user ID and the device's are made here.
    ///
    /// - Throws: `M_GUEST_ACCESS_FORBIDDEN` where guests are not allowed, `M_INVALID_PARAM`.
    package func registerGuest(on device: LoginDevice) async throws -> Login {
        guard settings.allowsGuests else { throw MatrixError(.guestAccessForbidden, "There are no guests on this server") }
        try device.check()
        try countRegistration(from: device.address)
        let user = try freeUserID(environment.random.alphanumeric(Username.generatedLength))
        return try await createAccount(of: user, password: nil, flags: .guest, device: device, ending: nil)
    }

    /// The guest whose account is to become a user's.
    ///
    /// - Throws: `M_MISSING_PARAM` without the guest's user name, `M_FORBIDDEN` for a token that isn't that guest's.
    func guest(named name: String?, token: String) throws -> UserID {
        guard let name else { throw MatrixError(.missingParameter, "Missing username, which is the guest's") }
        let user = try Username.newUserID(name, on: serverName)
        guard let owner = try database.view().owner(ofTokenHash: Self.hash(ofToken: token)), owner.flags.contains(.guest),
            owner.user == user, owner.expiresAt.map({ $0 > environment.clock.now() }) ?? true, !owner.flags.contains(.locked)
        else { throw MatrixError(.forbidden, "guest_access_token is not that of a guest of this name") }
        return user
    }

    /// Makes a guest's account a user's, and logs in a device, if one is given.
    ///
    /// - Throws: `M_USER_IN_USE` when it is no guest's any more, and `M_UNKNOWN` when the session has been used in the meantime.
    func makeUser(
        of guest: UserID, password: String, device: LoginDevice?, ending session: InteractiveAuthSession.Claim?
    ) async throws -> Login {
        let hash = try await passwords.hash(password)
        let login = device?.makeLogin(environment, settings.tokenLifetimes)
        do {
            try await database.makeUser(
                of: guest, passwordHash: hash, login: login?.kept, devicesMax: settings.devicesMax, provingAddress: session?.session.proof,
                ending: session)
        } catch AccountsConflict.accountChanged {
            throw Self.userInUse
        } catch AccountsConflict.thirdPartyIDInUse {
            throw Self.addressInUse
        } catch AccountsConflict.sessionChanged {
            throw Self.sessionUsed
        }
        return Login(user: guest, device: login?.device)
    }
}
