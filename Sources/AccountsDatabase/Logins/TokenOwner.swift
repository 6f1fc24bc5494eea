import MatrixProtocol
import Store
import StoredIdentifiers

/// Whose access token it is: all that a request's authentication needs, so that it is one read.
package struct TokenOwner: StoreCodable, Equatable {
    package let user: UserID
    package let device: String
    /// The account's flags when the token was made; who changes the account's changes its tokens' too.
    package var flags: AccountFlags
    /// When the token ends, in milliseconds since 1970; nil for one that lasts as long as its login.
    package let expiresAt: Int64?
    /// Whether its first use is still to come, with which the refresh token ends that it was got for ("Refreshing access tokens").
    package var endsRefreshToken: Bool

    package init(user: UserID, device: String, flags: AccountFlags, expiresAt: Int64? = nil, endsRefreshToken: Bool = false) {
        self.user = user
        self.device = device
        self.flags = flags
        self.expiresAt = expiresAt
        self.endsRefreshToken = endsRefreshToken
    }

    /// The tuple of the members, in their order, the last as 0 or 1.
    package var encoded: [UInt8] {
        TupleKey(user, device, Int64(flags.rawValue), expiresAt, Int64(endsRefreshToken ? 1 : 0)).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (user, device, flags, expiresAt, endsRefreshToken) =
            try TupleKey<UserID, String, Int64, Int64?, Int64>(encoded: bytes).parts
        self.init(
            user: user, device: device, flags: try AccountFlags(stored: flags), expiresAt: expiresAt,
            endsRefreshToken: endsRefreshToken != 0)
    }
}

extension TokenOwner {
    package var readable: ReadableValue {
        [
            "user": user.readable, "device": device.readable, "flags": flags.readable, "expires_ts": expiresAt.readable,
            "ends_refresh_token": .bool(endsRefreshToken),
        ]
    }
}
