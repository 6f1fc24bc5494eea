import MatrixProtocol
import Store
import StoredIdentifiers

/// Whose access token it is: all that a request's authentication needs, so that it is one read.
package struct TokenOwner: StoreCodable, Equatable {
    package let user: UserID
    package let device: String
    /// The account's flags when the token was made; who changes the account's changes its tokens' too.
    package let flags: AccountFlags

    package init(user: UserID, device: String, flags: AccountFlags) {
        self.user = user
        self.device = device
        self.flags = flags
    }

    /// The tuple of user, device and flags.
    package var encoded: [UInt8] {
        TupleKey(user, device, Int64(flags.rawValue)).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (user, device, flags) = try TupleKey<UserID, String, Int64>(encoded: bytes).parts
        self.init(user: user, device: device, flags: try AccountFlags(stored: flags))
    }
}

extension TokenOwner {
    package var readable: ReadableValue { ["user": user.readable, "device": device.readable, "flags": flags.readable] }
}
