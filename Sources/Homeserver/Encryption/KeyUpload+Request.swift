import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

extension KeyUpload {
    /// Reads what a client uploads: `device_keys`, `one_time_keys`, `fallback_keys`, each of which may be missing; but `device_keys` is
    /// not `null`.
    ///
    /// - Throws: `M_BAD_JSON`, `M_INVALID_PARAM`, `M_TOO_LARGE`.
    package init(_ body: JSONObject, of user: UserID, device: String) throws(MatrixError) {
        self.init(
            deviceKeys: try Self.deviceKeys(body["device_keys"], of: user, device: device),
            oneTimeKeys: try Self.claimableKeys("one_time_keys", in: body),
            fallbackKeys: try Self.claimableKeys("fallback_keys", in: body))
        guard oneTimeKeys.count <= EncryptionLimits.oneTimeKeysMax else { throw Encryption.tooManyOneTimeKeys }
        guard Set(fallbackKeys.map(\.algorithm)).count == fallbackKeys.count else {
            throw MatrixError(.invalidParameter, "There is one fallback key for each algorithm at most")
        }
        let owner = user.string.utf8.count + device.utf8.count
        let size = (oneTimeKeys + fallbackKeys).reduce(0) { $0 + owner + $1.name.utf8.count + $1.json.count }
        guard size <= EncryptionLimits.uploadSizeMaxBytes else { throw MatrixError(.tooLarge, "These are too many keys for one request") }
    }

    /// Reads and checks identity keys ("Device keys").
    private static func deviceKeys(_ value: JSONValue?, of user: UserID, device: String) throws(MatrixError) -> JSONObject? {
        guard let value else { return nil }
        guard var keys = value.objectValue else { throw MatrixError(.badJSON, "device_keys must be an object") }
        guard keys["user_id"]?.stringValue == user.string else {
            throw MatrixError(.badJSON, "user_id in device_keys is not the user of the access token")
        }
        guard keys["device_id"]?.stringValue == device else {
            throw MatrixError(.badJSON, "device_id in device_keys is not the device of the access token")
        }
        guard let algorithms = keys["algorithms"]?.arrayValue, algorithms.allSatisfy({ $0.stringValue != nil }) else {
            throw MatrixError(.badJSON, "algorithms in device_keys must be an array of strings")
        }
        guard let publicKeys = keys["keys"]?.objectValue, publicKeys.allSatisfy({ $0.value.stringValue != nil }) else {
            throw MatrixError(.badJSON, "keys in device_keys must be an object with strings")
        }
        guard Encryption.areSignatures(keys["signatures"]) else {
            throw MatrixError(.badJSON, "signatures in device_keys must be an object with an object for each user")
        }
        keys.removeValue(forKey: "unsigned")
        guard keys.encoded().count <= EncryptionLimits.keySizeMaxBytes else { throw MatrixError(.tooLarge, "device_keys is too large") }
        return keys
    }

    /// Reads keys by their names, `ALGORITHM:KEY_ID`.
    private static func claimableKeys(_ name: String, in body: JSONObject) throws(MatrixError) -> [ClaimableKey] {
        guard let value = body[name], value != .null else { return [] }
        guard let object = value.objectValue else { throw MatrixError(.badJSON, "\(name) must be an object") }
        var keys: [ClaimableKey] = []
        for (keyName, key) in object {
            let parts = keyName.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, keyName.utf8.count <= EncryptionLimits.keyNameSizeMaxBytes else {
                throw MatrixError(.badJSON, "A key in \(name) must be named ALGORITHM:KEY_ID")
            }
            guard parts[0].utf8.count <= EncryptionLimits.algorithmSizeMaxBytes else {
                throw MatrixError(.invalidParameter, "The name of an algorithm has at most \(EncryptionLimits.algorithmSizeMaxBytes) bytes")
            }
            guard key.stringValue != nil || key.objectValue?["key"]?.stringValue != nil else {
                throw MatrixError(.badJSON, "\(name).\(keyName) must be a string, or an object with a key")
            }
            let json = key.encoded()
            guard json.count <= EncryptionLimits.keySizeMaxBytes else { throw MatrixError(.tooLarge, "\(name).\(keyName) is too large") }
            keys.append(ClaimableKey(algorithm: String(parts[0]), id: String(parts[1]), json: json))
        }
        return keys
    }
}

extension Encryption {
    static let tooManyOneTimeKeys = MatrixError(
        .limitExceeded, "A device has at most \(EncryptionLimits.oneTimeKeysMax) one-time keys", status: 400)

    /// Whether a value is an object with an object of signatures for each user.
    static func areSignatures(_ value: JSONValue?) -> Bool {
        guard let signatures = value?.objectValue else { return false }
        return signatures.allSatisfy { $0.value.objectValue?.allSatisfy { $0.value.stringValue != nil } ?? false }
    }
}
