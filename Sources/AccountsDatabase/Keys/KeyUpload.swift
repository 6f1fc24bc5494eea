import CanonicalJSON
import Store

/// Keys that a device publishes ("Uploading keys").
package struct KeyUpload: Sendable {
    /// The device's identity keys, without `unsigned`; nil leaves them as they are.
    package var deviceKeys: JSONObject?
    package var oneTimeKeys: [ClaimableKey]
    /// One for each algorithm at most.
    package var fallbackKeys: [ClaimableKey]

    package init(deviceKeys: JSONObject? = nil, oneTimeKeys: [ClaimableKey] = [], fallbackKeys: [ClaimableKey] = []) {
        self.deviceKeys = deviceKeys
        self.oneTimeKeys = oneTimeKeys
        self.fallbackKeys = fallbackKeys
    }
}

/// A one-time key or a fallback key.
package struct ClaimableKey: Sendable, Equatable {
    package let algorithm: String
    package let id: String
    /// The key as JSON: a string or an object.
    package let json: [UInt8]

    package init(algorithm: String, id: String, json: [UInt8]) {
        self.algorithm = algorithm
        self.id = id
        self.json = json
    }

    /// What the key is called in requests and answers.
    package var name: String { "\(algorithm):\(id)" }
}

/// An upload of one-time keys: later ones are higher, and their keys are handed out later.
package struct KeyUploadID: ShortID {
    package let number: UInt64

    package init(number: UInt64) {
        self.number = number
    }
}

/// A fallback key as it is kept.
package struct FallbackKey: StoreCodable, Equatable {
    package let id: String
    /// Whether it has been handed out.
    package var isUsed: Bool
    /// The key as JSON.
    package let json: [UInt8]

    package init(id: String, isUsed: Bool, json: [UInt8]) {
        self.id = id
        self.isUsed = isUsed
        self.json = json
    }

    /// The tuple of the ID, whether it has been handed out (0 or 1), and the key.
    package var encoded: [UInt8] {
        TupleKey(id, Int64(isUsed ? 1 : 0), json).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (id, isUsed, json) = try TupleKey<String, Int64, [UInt8]>(encoded: bytes).parts
        self.init(id: id, isUsed: isUsed != 0, json: json)
    }
}

extension FallbackKey {
    package var readable: ReadableValue { ["key_id": id.readable, "used": .bool(isUsed), "key": .bytes(json)] }
}
