package import CanonicalJSON

/// JSON objects with `signatures` (appendices, "Signing JSON").
package enum SignedJSON {
    /// What a signature covers: the object's canonical JSON without `signatures` and `unsigned`.
    package static func signedBytes(_ object: JSONObject) throws(JSONError) -> [UInt8] {
        try withoutSignatures(object).canonical()
    }

    /// The signatures of an entity on the object, by key ID; only those of the algorithm that is known here.
    package static func signatures(of entity: String, on object: JSONObject) -> [(keyID: String, signature: String)] {
        let signatures = object["signatures"]?.objectValue?[entity]?.objectValue ?? [:]
        return signatures.compactMap { keyID, value in
            guard keyID.hasPrefix(VerifyKey.algorithm + ":"), let signature = value.stringValue else { return nil }
            return (keyID, signature)
        }
    }

    /// Checks that `entity` has signed the object ("Checking for a Signature"): at least one signature is by a known key, and all such
    /// signatures are valid.
    ///
    /// - Parameter key: the entity's key of that ID, nil if it isn't known or isn't to be trusted for this object.
    package static func verify(
        _ object: JSONObject, signedBy entity: ServerName, key: (_ keyID: String) -> VerifyKey?
    ) throws(SignatureError) {
        let bytes: [UInt8]
        do throws(JSONError) {
            bytes = try signedBytes(object)
        } catch {
            throw .notCanonical(error)
        }
        try verify(signatures(of: entity.string, on: object), of: bytes, signedBy: entity, key: key)
    }

    static func verify(
        _ signatures: [(keyID: String, signature: String)], of bytes: [UInt8], signedBy entity: ServerName,
        key: (_ keyID: String) -> VerifyKey?
    ) throws(SignatureError) {
        guard !signatures.isEmpty else { throw .notSigned(by: entity) }
        var isKnown = false
        for (keyID, text) in signatures {
            guard let key = key(keyID) else { continue }
            guard let signature = Base64.decode(text), key.verify(signature, of: bytes) else {
                throw .invalid(entity, keyID: keyID)
            }
            isKnown = true
        }
        guard isKnown else { throw .noKnownKey(entity) }
    }

    /// Whether two objects are the same but for who has signed them, so that a signature of one is good for the other.
    package static func haveSameContent(_ first: JSONObject, _ second: JSONObject) -> Bool {
        withoutSignatures(first) == withoutSignatures(second)
    }

    /// The object with the signatures of another one, which replace its own by the same entity and key.
    package static func adding(signaturesOf other: JSONObject, to object: JSONObject) -> JSONObject {
        var signatures = object["signatures"]?.objectValue ?? [:]
        for (entity, added) in other["signatures"]?.objectValue ?? [:] {
            var own = signatures[entity]?.objectValue ?? [:]
            for (keyID, signature) in added.objectValue ?? [:] { own[keyID] = signature }
            signatures[entity] = .object(own)
        }
        var signed = object
        signed["signatures"] = .object(signatures)
        return signed
    }

    /// Whether an entity's key has signed the object.
    package static func isSigned(_ object: JSONObject, by entity: UserID, keyID: String, _ key: VerifyKey) -> Bool {
        guard let text = object["signatures"]?.objectValue?[entity.string]?.objectValue?[keyID]?.stringValue,
            let signature = Base64.decode(text), let bytes = try? signedBytes(object)
        else { return false }
        return key.verify(signature, of: bytes)
    }

    private static func withoutSignatures(_ object: JSONObject) -> JSONObject {
        var content = object
        content.removeValue(forKey: "signatures")
        content.removeValue(forKey: "unsigned")
        return content
    }

    /// The object with one more signature.
    static func adding(_ signature: String, of entity: ServerName, keyID: String, to object: JSONObject) -> JSONObject {
        var signed = object
        var signatures = object["signatures"]?.objectValue ?? [:]
        var own = signatures[entity.string]?.objectValue ?? [:]
        own[keyID] = .string(signature)
        signatures[entity.string] = .object(own)
        signed["signatures"] = .object(signatures)
        return signed
    }
}

/// Why an object doesn't count as signed.
package enum SignatureError: Error, Equatable, CustomStringConvertible {
    /// There is no signature of that server, or none of a known algorithm.
    case notSigned(by: ServerName)
    /// None of the keys that the server signed with is known.
    case noKnownKey(ServerName)
    /// A signature isn't the key's.
    case invalid(ServerName, keyID: String)
    /// The object has no canonical form, so nothing can be its signature.
    case notCanonical(JSONError)

    package var description: String {
        switch self {
        case .notSigned(let server): "There is no signature of \(server)"
        case .noKnownKey(let server): "No key is known for the signatures of \(server)"
        case .invalid(let server, let keyID): "The signature of \(server) with \(keyID) is not valid"
        case .notCanonical(let error): "What should be signed is not canonical JSON: \(error)"
        }
    }
}
