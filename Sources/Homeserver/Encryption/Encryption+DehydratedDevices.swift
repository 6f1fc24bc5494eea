import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

/// Devices that take messages while nobody is logged in on any (MSC3814).
extension Encryption {
    /// Keeps the requester's dehydrated device, in the place of the one before (`PUT /dehydrated_device`).
    ///
    /// - Returns: its ID.
    /// - Throws: `M_MISSING_PARAM`, `M_BAD_JSON`, `M_INVALID_PARAM`, `M_TOO_LARGE`, `M_LIMIT_EXCEEDED`; `M_FORBIDDEN` for the ID of a
    ///   cross-signing key.
    package func keepDehydratedDevice(
        _ id: String, data: JSONObject, displayName: String?, keys body: JSONObject, for requester: Requester
    ) async throws -> String {
        try LoginDevice(id: id, displayName: displayName).check()
        guard data["algorithm"]?.stringValue != nil else { throw MatrixError(.badJSON, "device_data must have an algorithm") }
        guard body["device_keys"] != nil else { throw MatrixError(.missingParameter, "Missing device_keys") }
        let upload = try KeyUpload(body, of: requester.userID, device: id)
        let bytes = data.encoded()
        guard upload.deviceKeys != nil else { throw MatrixError(.badJSON, "device_keys must be an object") }
        guard bytes.count <= EncryptionLimits.dehydratedDeviceSizeMaxBytes else { throw MatrixError(.tooLarge, "device_data is too large") }
        try await Self.describingConflicts {
            try await database.keep(
                DehydratedDevice(id: id, data: bytes), named: displayName, keys: upload, of: requester.userID,
                oneTimeKeysMax: EncryptionLimits.oneTimeKeysMax)
        }
        return id
    }

    /// The requester's dehydrated device (`GET /dehydrated_device`).
    ///
    /// - Throws: `M_NOT_FOUND`.
    package func dehydratedDevice(for requester: Requester) throws -> JSONObject {
        guard let device = try database.view().dehydratedDevice(of: requester.userID) else { throw Self.noDehydratedDevice }
        return ["device_id": .string(device.id), "device_data": try JSONValue(parsing: device.data)]
    }

    /// Removes the requester's dehydrated device (`DELETE /dehydrated_device`).
    ///
    /// - Returns: its ID.
    /// - Throws: `M_NOT_FOUND`.
    package func removeDehydratedDevice(for requester: Requester) async throws -> String {
        guard let id = try await database.removeDehydratedDevice(of: requester.userID) else { throw Self.noDehydratedDevice }
        return id
    }

    static let noDehydratedDevice = MatrixError(.notFound, "No dehydrated device available")
}
