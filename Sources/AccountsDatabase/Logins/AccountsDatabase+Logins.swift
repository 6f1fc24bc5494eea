import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// Whose access token it is; nil if there is none with this hash.
    package func owner(ofTokenHash hash: [UInt8]) throws -> TokenOwner? {
        try reader.get(AccountsMaps.tokenToOwner, hash)
    }

    /// What is known about a device; nil if the user has no such device.
    package func metadata(of device: String, of user: UserID) throws -> DeviceMetadata? {
        try reader.get(AccountsMaps.deviceToMetadata, TupleKey(user, device))
    }
}

extension AccountsDatabase {
    /// Logs a user in: a device that is known already loses its old access token and keeps the rest.
    ///
    /// - Parameters:
    ///   - account: the account as it was when the user proved to be its owner.
    ///   - devicesMax: how many devices the user has at most; for one more, that goes which was seen longest ago.
    /// - Throws: `AccountsConflict.accountChanged`, `.deviceNamedLikeKey`.
    package func logIn(_ user: UserID, as account: Account, _ login: NewLogin, devicesMax: Int) async throws {
        try await database.commit { commit in
            guard try commit.get(AccountsMaps.userIDToAccount, user) == account else { throw AccountsConflict.accountChanged }
            try commit.add(login, of: user, account.flags, devicesMax: devicesMax)
        }
    }

    /// Removes the device that an access token belongs to, and the token, unless the device has another one by now.
    package func logOut(_ user: UserID, device: String, tokenHash: [UInt8]) async throws {
        try await database.commit { commit in
            guard try commit.get(AccountsMaps.deviceToToken, TupleKey(user, device)) == tokenHash else { return }
            try commit.removeLogin(of: user, device: device)
        }
    }

    /// Removes all devices of a user, and their access tokens.
    ///
    /// - Parameter jobs: those of the database, `LoginRemoval.goingOn` among them.
    /// - Returns: the job that goes on where they are too many for a commit.
    package func logOutEverywhere(_ user: UserID, goingOnIn jobs: Jobs) async throws -> JobID? {
        try await database.commit { commit in try commit.removeLogins(of: user, except: nil, goingOnIn: jobs) }
    }
}

extension Commit {
    func add(_ login: NewLogin, of user: UserID, _ flags: AccountFlags, devicesMax: Int) throws {
        try removeTokens(of: user, device: login.device)
        let key = TupleKey(user, login.device)
        let known = try get(AccountsMaps.deviceToMetadata, key)
        if known == nil {
            try checkName(ofNewDevice: login.device, of: user)
            try makeRoomForDevice(of: user, devicesMax: devicesMax)
            stampDeviceList(of: user, device: login.device)
        }
        put(login.tokens, of: user, device: login.device, flags, replacing: nil)
        // Who logs in on the dehydrated device has made it a device like the others.
        if try get(AccountsMaps.dehydratedDevices, user)?.id == login.device { delete(AccountsMaps.dehydratedDevices, user) }
        var metadata =
            known
            ?? DeviceMetadata(displayName: login.displayName, createdAt: time, lastSeenAt: time, lastSeenAddress: nil)
        metadata.lastSeenAt = time
        metadata.lastSeenAddress = login.address
        put(AccountsMaps.deviceToMetadata, key, metadata)
    }

    /// Checks that no cross-signing key of the user's is called like a device that is to be made: a signature by the one would pass for the other's.
    ///
    /// - Throws: `AccountsConflict.deviceNamedLikeKey`.
    func checkName(ofNewDevice device: String, of user: UserID) throws {
        for usage in CrossSigningUsage.allCases {
            if try get(usage.column, user) == "\(VerifyKey.algorithm):\(device)" { throw AccountsConflict.deviceNamedLikeKey }
        }
    }

    /// Removes those of a user's devices that were seen longest ago, when there is no room for one more.
    private func makeRoomForDevice(of user: UserID, devicesMax: Int) throws {
        let devices = try AccountsView(self).devices(of: user)
        guard devices.count >= devicesMax else { return }
        // A dehydrated device is never seen.
        let dehydrated = try get(AccountsMaps.dehydratedDevices, user)?.id
        let byLastUse = devices.filter { $0.id != dehydrated }.sorted { $0.metadata.lastSeenAt < $1.metadata.lastSeenAt }.map(\.id)
        _ = try removeLogins(of: user, byLastUse.prefix(devices.count - devicesMax + 1))
    }

    /// Writes a device's tokens; it has none any more but the refresh token that they replace.
    func put(_ tokens: NewTokens, of user: UserID, device: String, _ flags: AccountFlags, replacing replaced: [UInt8]?) {
        let key = TupleKey(user, device)
        put(AccountsMaps.deviceToToken, key, tokens.accessHash)
        put(
            AccountsMaps.tokenToOwner, tokens.accessHash,
            TokenOwner(user: user, device: device, flags: flags, expiresAt: tokens.accessExpiresAt, endsRefreshToken: replaced != nil))
        guard let refreshHash = tokens.refreshHash else { return }
        put(AccountsMaps.deviceToRefreshTokens, key, DeviceRefreshTokens(current: refreshHash, replaced: replaced))
        put(AccountsMaps.refreshTokens, refreshHash, RefreshToken(user: user, device: device, expiresAt: tokens.refreshExpiresAt))
    }

    func removeLogin(of user: UserID, device: String) throws {
        try removeTokens(of: user, device: device)
        delete(AccountsMaps.deviceToMetadata, TupleKey(user, device))
        delete(AccountsMaps.interactiveAuthSessions, .tuples(user as UserID?, device as String?))
        try removeKeys(of: user, device: device)
        try removePushers(of: user, device: device)
        stampDeviceList(of: user, device: device)
        // Local notification settings are of the device alone (MSC3890).
        for prefix in ["m.local_notification_settings", "org.matrix.msc3890.local_notification_settings"] {
            try removeAccountData(of: user, in: nil, type: "\(prefix).\(device)")
        }
    }

    /// Has all access tokens of a user say what the account is now.
    func setFlags(_ flags: AccountFlags, onTokensOf user: UserID) throws {
        var tokens = try domain(AccountsMaps.deviceToToken, .tuples(user))
        for (_, hash) in try tokens.collect() {
            guard var owner = try get(AccountsMaps.tokenToOwner, hash) else { continue }
            owner.flags = flags
            put(AccountsMaps.tokenToOwner, hash, owner)
        }
    }

    private func removeTokens(of user: UserID, device: String) throws {
        let key = TupleKey(user, device)
        if let token = try get(AccountsMaps.deviceToToken, key) { delete(AccountsMaps.tokenToOwner, token) }
        delete(AccountsMaps.deviceToToken, key)
        guard let refreshTokens = try get(AccountsMaps.deviceToRefreshTokens, key) else { return }
        for token in [refreshTokens.current, refreshTokens.replaced].compactMap({ $0 }) { delete(AccountsMaps.refreshTokens, token) }
        delete(AccountsMaps.deviceToRefreshTokens, key)
    }
}
