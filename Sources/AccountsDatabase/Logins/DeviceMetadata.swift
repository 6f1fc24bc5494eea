import CanonicalJSON
import Store

/// What is known about a device beside its keys.
package struct DeviceMetadata: StoreCodable, Equatable {
    /// The name that its user sees.
    package var displayName: String?
    /// When it logged in first, in milliseconds since 1970.
    package let createdAt: Int64
    /// When it was seen last, in milliseconds since 1970.
    package var lastSeenAt: Int64
    /// The address that it was seen at last.
    package var lastSeenAddress: String?

    package init(displayName: String?, createdAt: Int64, lastSeenAt: Int64, lastSeenAddress: String?) {
        self.displayName = displayName
        self.createdAt = createdAt
        self.lastSeenAt = lastSeenAt
        self.lastSeenAddress = lastSeenAddress
    }

    /// A JSON object.
    package var encoded: [UInt8] {
        var object: JSONObject = ["created_ts": .integer(createdAt), "last_seen_ts": .integer(lastSeenAt)]
        object["display_name"] = displayName.map { .string($0) }
        object["last_seen_ip"] = lastSeenAddress.map { .string($0) }
        return object.encoded()
    }

    package init(encoded bytes: [UInt8]) throws {
        guard let object = try? JSONValue(parsing: bytes).objectValue, let createdAt = object["created_ts"]?.integerValue,
            let lastSeenAt = object["last_seen_ts"]?.integerValue
        else { throw StoreError.undecodable(bytes, as: "a device's metadata") }
        self.init(
            displayName: object["display_name"]?.stringValue, createdAt: createdAt, lastSeenAt: lastSeenAt,
            lastSeenAddress: object["last_seen_ip"]?.stringValue)
    }
}
