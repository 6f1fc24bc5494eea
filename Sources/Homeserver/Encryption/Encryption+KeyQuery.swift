import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

extension Encryption {
    /// The keys of users and their devices (`POST /keys/query`).
    ///
    /// - Returns: `device_keys`, `master_keys`, `self_signing_keys`, `user_signing_keys` and `failures`.
    package func queryKeys(_ query: KeyQuery, for requester: Requester) throws -> [UInt8] {
        let view = database.view()
        var deviceKeys = JSONWriter(capacity: 1024 * query.devices.count)
        var crossSigningKeys: [CrossSigningUsage: JSONObject] = [:]
        var unreachable: Set<ServerName> = []
        deviceKeys.beginObject()
        for (user, devices) in query.devices {
            guard user.isOn(serverName) else {
                unreachable.insert(user.serverName)
                continue
            }
            guard try view.account(of: user) != nil else { continue }
            deviceKeys.key(user.string)
            try write(devices, of: user, in: view, to: &deviceKeys)
            for usage in CrossSigningUsage.allCases where usage != .userSigning || user == requester.userID {
                guard let key = try view.crossSigningKey(usage, of: user) else { continue }
                crossSigningKeys[usage, default: [:]][user.string] = .object(try seen(key, of: user, by: requester.userID, in: view))
            }
        }
        deviceKeys.endObject()

        var writer = JSONWriter(capacity: deviceKeys.bytes.count + 1024)
        writer.beginObject()
        writer.key("device_keys")
        writer.raw(deviceKeys.bytes)
        for usage in CrossSigningUsage.allCases {
            writer.key("\(usage.rawValue)_keys")
            writer.object(crossSigningKeys[usage] ?? [:])
        }
        writer.key("failures")
        writer.object(failures(unreachable))
        writer.endObject()
        return writer.bytes
    }

    /// Writes the keys of some of a user's devices, or of all for an empty list.
    private func write(_ wanted: [String], of user: UserID, in view: AccountsView, to writer: inout JSONWriter) throws {
        let devices =
            try wanted.isEmpty
            ? view.devices(of: user)
            : zip(wanted, view.metadata(of: wanted, of: user)).compactMap { id, metadata in metadata.map { (id, $0) } }
        writer.beginObject()
        for (device, keys) in zip(devices, try view.deviceKeys(of: user, devices: devices.map(\.id))) {
            guard let keys, var object = try JSONValue(parsing: keys).objectValue else { continue }
            object["unsigned"] = device.metadata.displayName.map { ["device_display_name": .string($0)] } ?? [:]
            writer.key(device.id)
            writer.object(object)
        }
        writer.endObject()
    }

    /// A cross-signing key as a user sees it: with the owner's signatures and the user's own.
    private func seen(_ key: CrossSigningKey, of owner: UserID, by user: UserID, in view: AccountsView) throws -> JSONObject {
        guard user != owner, let own = try view.keySignatures(by: user, onKey: key.id, of: owner) else { return key.object }
        return SignedJSON.adding(signaturesOf: ["signatures": [user.string: .object(own)]], to: key.object)
    }
}
