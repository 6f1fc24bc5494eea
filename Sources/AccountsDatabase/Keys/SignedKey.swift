import CanonicalJSON
import MatrixProtocol

/// A key with new signatures that have been verified.
package struct SignedKey: Sendable {
    package let owner: UserID
    /// Under what the key is kept: a device's ID, or the ID of a cross-signing key.
    package let id: String
    /// The key as the signatures cover it, with no other signatures than the new ones, which are all of one user.
    package let object: JSONObject

    package init(owner: UserID, id: String, object: JSONObject) {
        self.owner = owner
        self.id = id
        self.object = object
    }
}
