import CanonicalJSON
import MatrixProtocol
import Store

/// What a cross-signing key is for ("Cross-signing"); the names are the specification's.
package enum CrossSigningUsage: String, CaseIterable, Sendable {
    case master
    case selfSigning = "self_signing"
    case userSigning = "user_signing"

    /// Where it is kept which key a user has for it.
    var column: Column<UserID, String> {
        switch self {
        case .master: AccountsMaps.userIDToMasterKeyID
        case .selfSigning: AccountsMaps.userIDToSelfSigningKeyID
        case .userSigning: AccountsMaps.userIDToUserSigningKeyID
        }
    }
}

/// A user's cross-signing key.
package struct CrossSigningKey: Sendable, Equatable {
    /// The key's ID in `keys` and in signatures, such as `ed25519:BASE64`.
    package let id: String
    /// The key with what was uploaded around it, and the owner's signatures.
    package let object: JSONObject

    package init(id: String, object: JSONObject) {
        self.id = id
        self.object = object
    }

    /// The public key itself; nil if what is stored is none.
    package var verifyKey: VerifyKey? {
        (object["keys"]?.objectValue?[id]?.stringValue).flatMap { VerifyKey(base64: $0) }
    }
}
