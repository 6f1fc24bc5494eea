/// A login that is to be made: a device and its tokens.
package struct NewLogin: Sendable {
    package let device: String
    package let tokens: NewTokens
    /// The device's name, if it is a new device.
    package let displayName: String?
    /// Where the login comes from.
    package let address: String?

    package init(device: String, tokens: NewTokens, displayName: String?, address: String?) {
        self.device = device
        self.tokens = tokens
        self.displayName = displayName
        self.address = address
    }
}

/// An access token that is to be good, and the refresh token that goes with it, by their SHA-256 hashes.
package struct NewTokens: Sendable {
    package let accessHash: [UInt8]
    /// When the access token ends, in milliseconds since 1970; nil for one that lasts as long as the login.
    package let accessExpiresAt: Int64?
    /// Nil for a login that can't be refreshed.
    package let refreshHash: [UInt8]?
    /// When the refresh token ends, in milliseconds since 1970; nil for one that lasts as long as the login.
    package let refreshExpiresAt: Int64?

    package init(accessHash: [UInt8], accessExpiresAt: Int64? = nil, refreshHash: [UInt8]? = nil, refreshExpiresAt: Int64? = nil) {
        self.accessHash = accessHash
        self.accessExpiresAt = accessExpiresAt
        self.refreshHash = refreshHash
        self.refreshExpiresAt = refreshExpiresAt
    }
}
