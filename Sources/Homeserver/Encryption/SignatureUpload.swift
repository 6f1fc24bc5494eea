import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

/// Signatures that a user publishes (`POST /keys/signatures/upload`): of the own devices by the self-signing key, of the own master key by the
/// devices, of others' master keys by the user-signing key.
package struct SignatureUpload: Sendable {
    /// The signed keys by their owners and by what they are called.
    private let keys: [(owner: String, name: String, key: JSONValue)]

    /// Reads the request: a map from user IDs to a map from key IDs to signed keys.
    ///
    /// - Throws: `M_BAD_JSON`, `M_TOO_LARGE`.
    package init(_ body: JSONObject) throws(MatrixError) {
        var keys: [(String, String, JSONValue)] = []
        for (owner, value) in body {
            guard let ofOwner = value.objectValue else { throw MatrixError(.badJSON, "\(owner) must have an object") }
            keys += ofOwner.map { (owner, $0.key, $0.value) }
        }
        guard keys.count <= EncryptionLimits.signedKeysMax else { throw MatrixError(.tooLarge, "These are too many keys for one request") }
        self.keys = keys
    }

    /// A key that was sent, and what becomes of it.
    struct Outcome {
        let owner: String
        let name: String
        let result: Result<SignedKey, MatrixError>
    }

    /// Verifies every signature.
    func verify(by signer: UserID, in view: AccountsView) throws -> [Outcome] {
        try keys.map { owner, name, key in
            let result: Result<SignedKey, MatrixError>
            do {
                result = .success(try Self.verify(key, name, of: owner, by: signer, in: view))
            } catch let error as MatrixError {
                result = .failure(error)
            }
            return Outcome(owner: owner, name: name, result: result)
        }
    }

    private static func verify(
        _ value: JSONValue, _ name: String, of owner: String, by signer: UserID, in view: AccountsView
    ) throws -> SignedKey {
        guard let owner = UserID(owner), let signed = value.objectValue, areOfSigner(signed, signer) else {
            throw MatrixError(.invalidParameter, "A signed key must have signatures of the user of the access token")
        }
        let master = try view.crossSigningKey(.master, of: owner)
        let isMaster = master.map { $0.id == "\(VerifyKey.algorithm):\(name)" } ?? false
        let id: String
        let stored: JSONObject
        if let master, isMaster {
            (id, stored) = (master.id, master.object)
        } else if owner == signer,
            let keys = try view.deviceKeys(of: owner, device: name).flatMap({ try JSONValue(parsing: $0).objectValue })
        {
            (id, stored) = (name, keys)
        } else {
            throw MatrixError(.notFound, "The user has no such key")
        }
        guard SignedJSON.haveSameContent(stored, signed) else {
            throw MatrixError(.invalidSignature, "The signed key is not the one that was uploaded")
        }
        let own = signed["signatures"]?.objectValue?[signer.string]?.objectValue ?? [:]
        let known = stored["signatures"]?.objectValue?[signer.string]?.objectValue ?? [:]
        var fresh: JSONObject = [:]
        for (keyID, signature) in own where known[keyID] != signature {
            let key: VerifyKey
            if owner != signer {
                key = try signingKey(keyID, .userSigning, of: signer, in: view)
            } else if isMaster {
                key = try deviceKey(keyID, of: signer, in: view)
            } else {
                key = try signingKey(keyID, .selfSigning, of: signer, in: view)
            }
            guard SignedJSON.isSigned(signed, by: signer, keyID: keyID, key) else { throw invalidSignature }
            fresh[keyID] = signature
        }
        var object = signed
        object.removeValue(forKey: "unsigned")
        object["signatures"] = [signer.string: .object(fresh)]
        guard SignedJSON.adding(signaturesOf: object, to: stored).encoded().count <= EncryptionLimits.keySizeMaxBytes else {
            throw MatrixError(.tooLarge, "The key has too many signatures")
        }
        return SignedKey(owner: owner, id: id, object: object)
    }

    private static func areOfSigner(_ signed: JSONObject, _ signer: UserID) -> Bool {
        guard Encryption.areSignatures(signed["signatures"]) else { return false }
        return signed["signatures"]?.objectValue?[signer.string]?.objectValue?.isEmpty == false
    }

    /// The signer's own key of a purpose, which has to be the one that was signed with.
    private static func signingKey(
        _ keyID: String, _ usage: CrossSigningUsage, of signer: UserID, in view: AccountsView
    ) throws -> VerifyKey {
        guard let key = try view.crossSigningKey(usage, of: signer) else {
            throw MatrixError(.notFound, "The signer has no \(usage.rawValue) key")
        }
        guard key.id == keyID, let verifyKey = key.verifyKey else { throw invalidSignature }
        return verifyKey
    }

    /// The Ed25519 key of the signer's device that was signed with.
    private static func deviceKey(_ keyID: String, of signer: UserID, in view: AccountsView) throws -> VerifyKey {
        let device = String(keyID.dropFirst(VerifyKey.algorithm.count + 1))
        guard keyID.hasPrefix("\(VerifyKey.algorithm):"), let json = try view.deviceKeys(of: signer, device: device) else {
            throw MatrixError(.invalidSignature, "The signer has no device \(device)")
        }
        let keys = try JSONValue(parsing: json).objectValue?["keys"]?.objectValue
        guard let key = (keys?[keyID]?.stringValue).flatMap({ VerifyKey(base64: $0) }) else { throw invalidSignature }
        return key
    }

    static let invalidSignature = MatrixError(.invalidSignature, "Invalid signature")
}

extension Encryption {
    /// Publishes the requester's signatures (`POST /keys/signatures/upload`). Those that are good are kept, whatever the others are.
    ///
    /// - Returns: `failures`: what was wrong with the others, by user ID and key ID.
    package func uploadSignatures(_ upload: SignatureUpload, for requester: Requester) async throws -> JSONObject {
        let outcomes = try upload.verify(by: requester.userID, in: database.view())
        let good = outcomes.compactMap { outcome -> (SignatureUpload.Outcome, SignedKey)? in
            if case .success(let key) = outcome.result { (outcome, key) } else { nil }
        }
        let areKept = try await database.add(good.map(\.1), signedBy: requester.userID)
        var failures: JSONObject = [:]
        func fail(_ outcome: SignatureUpload.Outcome, _ error: MatrixError) {
            var ofOwner = failures[outcome.owner]?.objectValue ?? [:]
            ofOwner[outcome.name] = .object(error.body)
            failures[outcome.owner] = .object(ofOwner)
        }
        for outcome in outcomes {
            if case .failure(let error) = outcome.result { fail(outcome, error) }
        }
        for ((outcome, _), isKept) in zip(good, areKept) where !isKept { fail(outcome, SignatureUpload.invalidSignature) }
        return failures
    }
}
