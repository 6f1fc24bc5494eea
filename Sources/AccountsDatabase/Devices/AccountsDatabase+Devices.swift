import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// A user's devices, by their IDs.
    package func devices(of user: UserID) throws -> [(id: String, metadata: DeviceMetadata)] {
        var devices = try reader.domain(AccountsMaps.deviceToMetadata, .tuples(user))
        return try devices.collect().map { ($0.key.parts.1, $0.value) }
    }

    /// What is known about some devices, in their order; nil for those that the user doesn't have.
    package func metadata(of devices: [String], of user: UserID) throws -> [DeviceMetadata?] {
        try reader.get(AccountsMaps.deviceToMetadata, all: devices.map { TupleKey(user, $0) })
    }
}

extension AccountsDatabase {
    /// Gives a device another name.
    ///
    /// - Throws: `AccountsConflict.deviceGone`.
    package func rename(_ device: String, of user: UserID, to name: String) async throws {
        try await database.commit { commit in
            let key = TupleKey(user, device)
            guard var metadata = try commit.get(AccountsMaps.deviceToMetadata, key) else { throw AccountsConflict.deviceGone }
            guard metadata.displayName != name else { return }
            metadata.displayName = name
            commit.put(AccountsMaps.deviceToMetadata, key, metadata)
            commit.stampDeviceList(of: user, device: device)
        }
    }

    /// Writes down that a device has been seen, without waiting for the disk.
    package func noteSeen(_ device: String, of user: UserID, from address: String?) async throws {
        try await database.commit(.relaxed) { commit in
            let key = TupleKey(user, device)
            guard var metadata = try commit.get(AccountsMaps.deviceToMetadata, key) else { return }
            metadata.lastSeenAt = commit.time
            if let address { metadata.lastSeenAddress = address }
            commit.put(AccountsMaps.deviceToMetadata, key, metadata)
        }
    }

    /// Removes devices with their access tokens and keys; those that the user doesn't have are removed already. Many take several commits.
    ///
    /// - Parameter session: the session of user-interactive authentication that allowed it, which ends with it.
    /// - Throws: `AccountsConflict.sessionChanged`.
    package func remove(_ devices: [String], of user: UserID, ending session: InteractiveAuthSession.Claim?) async throws {
        var rest = try await database.commit { commit in
            try commit.end(session)
            return try commit.removeLogins(of: user, devices[...])
        }
        while !rest.isEmpty {
            let left = rest
            rest = try await database.commit { commit in try commit.removeLogins(of: user, left) }
        }
    }
}

extension Commit {
    /// Writes down that a user's devices, or their keys, have changed.
    ///
    /// - Parameter device: which one; nil for the user's own keys.
    func stampDeviceList(of user: UserID, device: String?) {
        stamp(kind: AccountsChange.deviceList.rawValue, scope: .deviceList(user)) { _ in (device ?? "").encoded }
    }
}
