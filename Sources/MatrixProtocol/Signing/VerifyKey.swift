import Crypto

/// The public half of an Ed25519 key, with which signatures are checked.
package struct VerifyKey: Sendable {
    /// The only signing algorithm, as key IDs begin with it.
    package static let algorithm = "ed25519"

    private let key: Curve25519.Signing.PublicKey

    init(_ key: Curve25519.Signing.PublicKey) { self.key = key }

    /// The key of 32 bytes in Base64, in either alphabet; nil if it is none.
    package init?(base64: String) {
        guard let bytes = Base64.decode(base64), let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return nil }
        self.key = key
    }

    /// The key as unpadded Base64, as it is published.
    package var base64: String { Base64.encode(Array(key.rawRepresentation)) }

    /// Whether `signature` is this key's signature of `bytes`.
    package func verify(_ signature: [UInt8], of bytes: [UInt8]) -> Bool { key.isValidSignature(signature, for: bytes) }
}
