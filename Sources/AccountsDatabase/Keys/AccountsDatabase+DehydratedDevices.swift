import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// The user's dehydrated device; nil if there is none.
    package func dehydratedDevice(of user: UserID) throws -> DehydratedDevice? {
        try reader.get(AccountsMaps.dehydratedDevices, user)
    }
}

extension AccountsDatabase {
    /// Keeps a dehydrated device with its keys in the place of the one that the user had.
    ///
    /// - Throws: `AccountsConflict.deviceExists` when the user is logged in on a device of this ID; `.deviceNamedLikeKey`,
    ///   `.tooManyOneTimeKeys`, `.tooManyKeyAlgorithms`.
    package func keep(
        _ device: DehydratedDevice, named name: String?, keys: KeyUpload, of user: UserID, oneTimeKeysMax: Int
    ) async throws {
        try await database.commit { commit in
            try commit.removeDehydratedDevice(of: user)
            let key = TupleKey(user, device.id)
            guard try !commit.contains(AccountsMaps.deviceToMetadata, key) else { throw AccountsConflict.deviceExists }
            try commit.checkName(ofNewDevice: device.id, of: user)
            commit.put(AccountsMaps.dehydratedDevices, user, device)
            commit.put(
                AccountsMaps.deviceToMetadata, key,
                DeviceMetadata(displayName: name, createdAt: commit.time, lastSeenAt: commit.time, lastSeenAddress: nil))
            if let deviceKeys = keys.deviceKeys { _ = try commit.keep(deviceKeys, of: user, device: device.id) }
            _ = try commit.keepClaimable(keys, of: user, device: device.id, oneTimeKeysMax: oneTimeKeysMax)
            commit.stampDeviceList(of: user, device: device.id)
        }
    }

    /// Removes the user's dehydrated device.
    ///
    /// - Returns: its ID; nil if there was none.
    package func removeDehydratedDevice(of user: UserID) async throws -> String? {
        try await database.commit { commit in try commit.removeDehydratedDevice(of: user) }
    }
}

extension Commit {
    @discardableResult
    fileprivate func removeDehydratedDevice(of user: UserID) throws -> String? {
        guard let device = try get(AccountsMaps.dehydratedDevices, user) else { return nil }
        try removeLogin(of: user, device: device.id)
        return device.id
    }
}
