import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

/// Cross-signing keys that a user publishes (`POST /keys/device_signing/upload`).
package struct CrossSigningUpload: Sendable {
    private let user: UserID
    private let keys: [CrossSigningUsage: CrossSigningKey]

    /// Reads `master_key`, `self_signing_key` and `user_signing_key`, each of which may be missing.
    ///
    /// - Throws: `M_BAD_JSON`, `M_INVALID_PARAM`, `M_TOO_LARGE`.
    package init(_ body: JSONObject, of user: UserID) throws(MatrixError) {
        self.user = user
        var keys: [CrossSigningUsage: CrossSigningKey] = [:]
        for usage in CrossSigningUsage.allCases {
            let name = "\(usage.rawValue)_key"
            guard let value = body[name], value != .null else { continue }
            guard let object = value.objectValue else { throw MatrixError(.badJSON, "\(name) must be an object") }
            keys[usage] = try Self.key(object, usage, of: user, name)
        }
        self.keys = keys
    }

    /// Checks a key ("CrossSigningKey").
    private static func key(
        _ object: JSONObject, _ usage: CrossSigningUsage, of user: UserID, _ name: String
    ) throws(MatrixError) -> CrossSigningKey {
        guard object["user_id"]?.stringValue == user.string else {
            throw MatrixError(.invalidParameter, "\(name).user_id is not the user of the access token")
        }
        guard object["usage"]?.arrayValue?.contains(.string(usage.rawValue)) ?? false else {
            throw MatrixError(.invalidParameter, "\(name).usage must have \(usage.rawValue)")
        }
        guard let published = object["keys"]?.objectValue, published.count == 1, let (id, value) = published.first(where: { _ in true }),
            let base64 = value.stringValue, id == "\(VerifyKey.algorithm):\(base64)", VerifyKey(base64: base64) != nil
        else { throw MatrixError(.invalidParameter, "\(name).keys must have one Ed25519 key, named by itself") }
        guard object["signatures"] == nil || Encryption.areSignatures(object["signatures"]) else {
            throw MatrixError(.badJSON, "\(name).signatures must be an object with an object for each user")
        }
        var key = object
        key.removeValue(forKey: "unsigned")
        guard key.encoded().count <= EncryptionLimits.keySizeMaxBytes else { throw MatrixError(.tooLarge, "\(name) is too large") }
        return CrossSigningKey(id: id, object: key)
    }

    /// The request without its `auth`, as it has to stay from one stage of the authentication to the next.
    var digested: [UInt8] {
        JSONValue.array(CrossSigningUsage.allCases.map { keys[$0].map { .object($0.object) } ?? .null }).encoded()
    }

    /// Those of the keys that the user doesn't have yet.
    ///
    /// - Throws: `M_MISSING_PARAM` without a master key, `M_FORBIDDEN` for a key that is called like a device, `M_INVALID_SIGNATURE`.
    func newKeys(in view: AccountsView) throws -> [CrossSigningUsage: CrossSigningKey] {
        guard let master = try keys[.master] ?? view.crossSigningKey(.master, of: user) else {
            throw MatrixError(.missingParameter, "There is no master_key, and none has been uploaded before")
        }
        var new: [CrossSigningUsage: CrossSigningKey] = [:]
        for (usage, key) in keys {
            if let known = try view.crossSigningKey(usage, of: user), SignedJSON.haveSameContent(known.object, key.object) { continue }
            let base64 = String(key.id.dropFirst(VerifyKey.algorithm.count + 1))
            guard try view.metadata(of: base64, of: user) == nil else { throw MatrixError(.forbidden, "A device has the ID of this key") }
            if usage != .master {
                guard let masterKey = master.verifyKey, SignedJSON.isSigned(key.object, by: user, keyID: master.id, masterKey) else {
                    throw MatrixError(.invalidSignature, "\(usage.rawValue)_key is not signed by the master key")
                }
            }
            new[usage] = key
        }
        return new
    }
}

extension Encryption {
    /// Publishes the requester's cross-signing keys (`POST /keys/device_signing/upload`). Who has none yet, or changes none, needs no
    /// further authentication.
    ///
    /// - Parameter auth: the request's `auth`.
    /// - Throws: `InteractiveAuthenticationRequired`, and what `CrossSigningUpload` throws.
    package func uploadCrossSigningKeys(_ upload: CrossSigningUpload, for requester: Requester, auth: JSONObject?) async throws {
        let user = requester.userID
        let view = database.view()
        guard try !upload.newKeys(in: view).isEmpty else { return }
        let isFirst = try !view.hasCrossSigningKeys(of: user)
        let session =
            isFirst
            ? nil
            : try await accounts.confirmByPassword(
                "device_signing", request: upload.digested, by: requester, of: accounts.account(of: requester), auth: auth)
        try await Self.describingConflicts {
            try await database.keepCrossSigningKeys(of: user, ending: session) { view in
                // Who has come first in the meantime has made it a change that needs authentication.
                let isStillFirst = try !view.hasCrossSigningKeys(of: user)
                let keys = try upload.newKeys(in: view)
                guard keys.isEmpty || isStillFirst == isFirst else { throw AccountsConflict.crossSigningKeysChanged }
                return keys
            }
        }
    }
}
