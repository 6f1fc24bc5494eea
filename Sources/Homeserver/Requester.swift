import MatrixProtocol

/// Who makes a request, as the access token that came with it says.
package struct Requester: Sendable, Hashable {
    package let userID: UserID
    /// The device that the token belongs to; nil for tokens without one, such as an application service's.
    package let deviceID: String?
    package let isAdmin: Bool
    package let isGuest: Bool
    /// Whether the account is locked: then nothing but logging out is allowed ("Account locking").
    package let isLocked: Bool
    /// Whether the account is suspended: then it can read, and hardly act ("Account suspension").
    package let isSuspended: Bool
    /// The hash under which the token is stored; empty for tokens that are not.
    package let tokenHash: [UInt8]

    package init(
        userID: UserID, deviceID: String?, isAdmin: Bool = false, isGuest: Bool = false, isLocked: Bool = false, isSuspended: Bool = false,
        tokenHash: [UInt8] = []
    ) {
        self.userID = userID
        self.deviceID = deviceID
        self.isAdmin = isAdmin
        self.isGuest = isGuest
        self.isLocked = isLocked
        self.isSuspended = isSuspended
        self.tokenHash = tokenHash
    }

    /// Checks that the account isn't suspended, before something that others would see.
    ///
    /// - Throws: `M_USER_SUSPENDED`.
    func checkNotSuspended() throws(MatrixError) {
        if isSuspended { throw MatrixError.userSuspended }
    }
}

extension MatrixError {
    /// What the users of suspended accounts are told who want to act ("Account suspension").
    static let userSuspended = MatrixError(.userSuspended, "This can't be done while the account is suspended")
    /// What the users of locked accounts are told ("Account locking").
    package static let userLocked = MatrixError(.userLocked, "This account has been locked", extra: ["soft_logout": true])
}
