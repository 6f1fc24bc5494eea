import MatrixProtocol

/// The request by which a device sent an event: repeated, it yields the same event.
package struct Transaction: Sendable {
    package let user: UserID
    package let device: String
    /// The endpoint's own name for it: what the client's transaction ID is unique within, and the ID.
    package let name: String
    /// The client's transaction ID.
    package let id: String

    package init(user: UserID, device: String, name: String, id: String) {
        self.user = user
        self.device = device
        self.name = name
        self.id = id
    }
}
