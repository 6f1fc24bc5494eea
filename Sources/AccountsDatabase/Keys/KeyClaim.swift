import MatrixProtocol

/// A key that somebody wants of a device, to begin a conversation with it.
package struct KeyClaim: Sendable, Hashable {
    package let user: UserID
    package let device: String
    package let algorithm: String

    package init(user: UserID, device: String, algorithm: String) {
        self.user = user
        self.device = device
        self.algorithm = algorithm
    }
}
