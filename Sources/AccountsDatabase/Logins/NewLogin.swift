/// A login that is to be made: a device and its access token.
package struct NewLogin: Sendable {
    package let device: String
    /// The SHA-256 hash of the access token.
    package let tokenHash: [UInt8]
    /// The device's name, if it is a new device.
    package let displayName: String?
    /// Where the login comes from.
    package let address: String?

    package init(device: String, tokenHash: [UInt8], displayName: String?, address: String?) {
        self.device = device
        self.tokenHash = tokenHash
        self.displayName = displayName
        self.address = address
    }
}
