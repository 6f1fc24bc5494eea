import CanonicalJSON
import TestSupport

extension MatrixTestClient {
    /// The body of an upload of keys: identity keys that nobody can use, one-time keys and a fallback key.
    ///
    /// - Parameter oneTimeKeys: how many one-time keys.
    func keyUpload(oneTimeKeys: Int) -> JSONValue {
        let keys = (0..<oneTimeKeys).reduce(into: JSONObject()) {
            $0["signed_curve25519:K\($1)"] = ["key": "key \($1)", "signatures": [:]]
        }
        return [
            "device_keys": [
                "user_id": .string(userID), "device_id": .string(deviceID),
                "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
                "keys": .object(["curve25519:\(deviceID)": "c", "ed25519:\(deviceID)": "e"]), "signatures": [:],
            ],
            "one_time_keys": .object(keys),
            "fallback_keys": ["signed_curve25519:F": ["key": "fallback", "fallback": true, "signatures": [:]]],
        ]
    }
}
