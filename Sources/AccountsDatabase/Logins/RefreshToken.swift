import MatrixProtocol
import Store
import StoredIdentifiers

/// Whose refresh token it is ("Refreshing access tokens").
package struct RefreshToken: StoreCodable, Equatable {
    package let user: UserID
    package let device: String
    /// When the token ends, in milliseconds since 1970; nil for one that lasts as long as its login.
    package let expiresAt: Int64?

    package init(user: UserID, device: String, expiresAt: Int64?) {
        self.user = user
        self.device = device
        self.expiresAt = expiresAt
    }

    /// The tuple of the members, in their order.
    package var encoded: [UInt8] {
        TupleKey(user, device, expiresAt).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (user, device, expiresAt) = try TupleKey<UserID, String, Int64?>(encoded: bytes).parts
        self.init(user: user, device: device, expiresAt: expiresAt)
    }
}

/// The refresh tokens of a device, by their SHA-256 hashes.
package struct DeviceRefreshTokens: StoreCodable, Equatable {
    /// The newest one.
    package let current: [UInt8]
    /// The one that the newest was got for, which is good until something new is used: the answer that had it may have been lost.
    package let replaced: [UInt8]?

    package init(current: [UInt8], replaced: [UInt8]?) {
        self.current = current
        self.replaced = replaced
    }

    /// The tuple of the members, in their order.
    package var encoded: [UInt8] {
        TupleKey(current, replaced).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (current, replaced) = try TupleKey<[UInt8], [UInt8]?>(encoded: bytes).parts
        self.init(current: current, replaced: replaced)
    }
}

extension RefreshToken {
    package var readable: ReadableValue { ["user": user.readable, "device": device.readable, "expires_ts": expiresAt.readable] }
}

extension DeviceRefreshTokens {
    package var readable: ReadableValue { ["current": .bytes(current), "replaced": replaced.map { .bytes($0) } ?? .null] }
}
