import CanonicalJSON
import Store

/// What a user has signed of another one: the other one's master key, by the own user-signing key. Only the signer ever sees it.
package struct KeySignature: StoreCodable, Equatable {
    /// The ID of the key that is signed; with another master key the signature is worth nothing.
    package let keyID: String
    /// When it was made, as the log of positions knows it.
    package let position: Position
    /// The signatures by the IDs of the signing keys, as JSON.
    package let signatures: [UInt8]

    package init(keyID: String, position: Position, signatures: [UInt8]) {
        self.keyID = keyID
        self.position = position
        self.signatures = signatures
    }

    /// The tuple of the members, in their order.
    package var encoded: [UInt8] {
        TupleKey(keyID, position, signatures).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (keyID, position, signatures) = try TupleKey<String, Position, [UInt8]>(encoded: bytes).parts
        self.init(keyID: keyID, position: position, signatures: signatures)
    }
}

extension KeySignature {
    package var readable: ReadableValue {
        ["key_id": keyID.readable, "position": position.readable, "signatures": .bytes(signatures)]
    }
}
