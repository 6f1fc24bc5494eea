import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

/// A user's devices ("Device Management").
extension Accounts {
    /// The requester's devices, by their IDs (`GET /devices`).
    package func devices(for requester: Requester) throws -> [JSONObject] {
        try database.view().devices(of: requester.userID).map { Self.json($0.id, $0.metadata) }
    }

    /// One of the requester's devices (`GET /devices/{deviceId}`).
    ///
    /// - Throws: `M_NOT_FOUND`.
    package func device(_ id: String, for requester: Requester) throws -> JSONObject {
        guard let metadata = try database.view().metadata(of: id, of: requester.userID) else { throw Self.noSuchDevice }
        return Self.json(id, metadata)
    }

    /// Gives one of the requester's devices another name (`PUT /devices/{deviceId}`).
    ///
    /// - Parameter name: nil changes nothing.
    /// - Throws: `M_NOT_FOUND`; `M_TOO_LARGE` with the status 400, as in Synapse.
    package func rename(_ device: String, to name: String?, for requester: Requester) async throws {
        guard let name else {
            _ = try self.device(device, for: requester)
            return
        }
        guard name.utf8.count <= AccountsLimits.deviceDisplayNameSizeMaxBytes else {
            let message = "display_name must have at most \(AccountsLimits.deviceDisplayNameSizeMaxBytes) bytes"
            throw MatrixError(.tooLarge, message, status: 400)
        }
        do {
            try await database.rename(device, of: requester.userID, to: name)
        } catch AccountsConflict.deviceGone {
            throw Self.noSuchDevice
        }
    }

    /// Removes devices of the requester's (`DELETE /devices/{deviceId}`, `POST /delete_devices`). Those that aren't there are removed already.
    ///
    /// - Parameter auth: the request's `auth`.
    /// - Throws: `InteractiveAuthenticationRequired` until the client has sent the password; `M_INVALID_PARAM`.
    package func remove(_ devices: [String], for requester: Requester, auth: JSONObject?) async throws {
        guard devices.count <= AccountsLimits.removedDevicesMax else {
            throw MatrixError(.invalidParameter, "At most \(AccountsLimits.removedDevicesMax) devices are removed at a time")
        }
        let request = JSONValue.array(devices.sorted().map { .string($0) }).encoded()
        let session = try await confirmByPassword(
            "delete_devices", request: request, by: requester, of: account(of: requester), auth: auth)
        do {
            try await database.remove(devices, of: requester.userID, ending: session)
        } catch AccountsConflict.sessionChanged {
            throw Self.sessionUsed
        }
    }

    private static let noSuchDevice = MatrixError(.notFound, "No such device")

    private static func json(_ id: String, _ metadata: DeviceMetadata) -> JSONObject {
        var device: JSONObject = ["device_id": .string(id), "last_seen_ts": .integer(metadata.lastSeenAt)]
        device["display_name"] = metadata.displayName.map { .string($0) }
        device["last_seen_ip"] = metadata.lastSeenAddress.map { .string($0) }
        return device
    }
}
