import MatrixProtocol

/// Who makes a request, as the access token that came with it says.
package struct Requester: Sendable, Hashable {
    package let userID: UserID
    /// The device that the token belongs to; nil for tokens without one, such as an application service's.
    package let deviceID: String?
    package let isAdmin: Bool
    package let isGuest: Bool
    /// The hash under which the token is stored; empty for tokens that are not.
    package let tokenHash: [UInt8]

    package init(userID: UserID, deviceID: String?, isAdmin: Bool = false, isGuest: Bool = false, tokenHash: [UInt8] = []) {
        self.userID = userID
        self.deviceID = deviceID
        self.isAdmin = isAdmin
        self.isGuest = isGuest
        self.tokenHash = tokenHash
    }
}
