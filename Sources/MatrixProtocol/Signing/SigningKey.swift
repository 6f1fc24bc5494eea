package import CanonicalJSON
import Crypto

/// An Ed25519 key with which this server signs (appendices, "Signing JSON").
package struct SigningKey: Sendable {
    /// The length of the secret seed.
    package static let seedSizeBytes = 32

    /// The part of the key ID after the colon: word characters (`A-Z`, `a-z`, `0-9`, `_`).
    package let version: String

    private let key: Curve25519.Signing.PrivateKey

    /// The key that a seed makes; nil unless `seed` has 32 bytes and `version` is a key's name.
    ///
    /// - Parameter seed: 32 bytes, random for a new key.
    package init?(seed: [UInt8], version: String) {
        guard Self.isVersion(version), let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { return nil }
        self.version = version
        self.key = key
    }

    /// Reads the form in which a key is kept in a file: `ed25519 a_1234 <seed as unpadded Base64>`, as Synapse has it.
    package init?(text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 3, words[0] == VerifyKey.algorithm, let seed = Base64.decode(String(words[2])) else { return nil }
        self.init(seed: seed, version: String(words[1]))
    }

    /// The form in which the key is kept in a file, without a line break. It holds the secret.
    package var text: String { "\(VerifyKey.algorithm) \(version) \(Base64.encode(Array(key.rawRepresentation)))" }

    /// The key's name in `signatures`, such as `ed25519:a_1234`.
    package var keyID: String { "\(VerifyKey.algorithm):\(version)" }

    /// The half of the key that others check signatures with.
    package var verifyKey: VerifyKey { VerifyKey(key.publicKey) }

    /// The signature of `bytes`: 64 bytes.
    package func sign(_ bytes: [UInt8]) -> [UInt8] {
        do {
            return Array(try key.signature(for: bytes))
        } catch {
            // Ed25519 has no message that it cannot sign.
            preconditionFailure("signing failed: \(error)")
        }
    }

    /// The object with this key's signature added to its `signatures` under `entity`.
    ///
    /// - Throws: when the object has no canonical form.
    package func sign(_ object: JSONObject, as entity: ServerName) throws(JSONError) -> JSONObject {
        let signature = sign(try SignedJSON.signedBytes(object))
        return SignedJSON.adding(Base64.encode(signature), of: entity, keyID: keyID, to: object)
    }

    private static func isVersion(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "_") }
    }
}
