import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// A user with keys: what a client makes and signs.
struct TestKeys {
    let user: UserID
    /// The user's own keys.
    let master: SigningKey
    let selfSigning: SigningKey
    let userSigning: SigningKey

    /// - Parameter seed: makes other keys of the same kind.
    init(_ user: UserID, seed: UInt8 = 1) throws {
        self.user = user
        master = try Self.key(seed)
        selfSigning = try Self.key(seed + 1)
        userSigning = try Self.key(seed + 2)
    }

    static func key(_ seed: UInt8) throws -> SigningKey {
        try #require(SigningKey(seed: [UInt8](repeating: seed, count: SigningKey.seedSizeBytes), version: "test"))
    }

    /// A device's own key.
    static func deviceKey(_ device: String) throws -> SigningKey {
        try key(UInt8(truncatingIfNeeded: device.utf8.reduce(100) { $0 &* 31 &+ Int($1) }))
    }

    // MARK: - Objects

    /// A device's identity keys, signed by itself.
    func device(_ id: String) throws -> JSONObject {
        let key = try Self.deviceKey(id)
        let object: JSONObject = [
            "user_id": .string(user.string), "device_id": .string(id),
            "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
            "keys": .object(["curve25519:\(id)": "c", "ed25519:\(id)": .string(key.verifyKey.base64)]),
        ]
        return try Self.signed(object, by: user, "ed25519:\(id)", key)
    }

    /// One of the user's own keys; all but the master key are signed by that one.
    func crossSigningKey(_ usage: CrossSigningUsage) throws -> JSONObject {
        let key = self[usage]
        let object: JSONObject = [
            "user_id": .string(user.string), "usage": [.string(usage.rawValue)],
            "keys": .object([Self.id(of: key): .string(key.verifyKey.base64)]),
        ]
        return usage == .master ? object : try Self.signed(object, by: user, Self.id(of: master), master)
    }

    /// All of the user's own keys, as they are uploaded.
    func upload() throws -> CrossSigningUpload {
        var body: JSONObject = [:]
        for usage in CrossSigningUsage.allCases { body["\(usage.rawValue)_key"] = .object(try crossSigningKey(usage)) }
        return try CrossSigningUpload(body, of: user)
    }

    subscript(_ usage: CrossSigningUsage) -> SigningKey {
        switch usage {
        case .master: master
        case .selfSigning: selfSigning
        case .userSigning: userSigning
        }
    }

    /// What a key is called in `keys` and `signatures`.
    static func id(of key: SigningKey) -> String { "ed25519:\(key.verifyKey.base64)" }

    /// The object with one more signature.
    static func signed(_ object: JSONObject, by user: UserID, _ keyID: String, _ key: SigningKey) throws -> JSONObject {
        let signature = Base64.encode(key.sign(try SignedJSON.signedBytes(object)))
        return SignedJSON.adding(signaturesOf: ["signatures": [user.string: [keyID: .string(signature)]]], to: object)
    }

    /// One-time keys as they are uploaded.
    static func oneTimeKeys(_ ids: some Sequence<Int>, algorithm: String = "signed_curve25519") -> JSONObject {
        ids.reduce(into: [:]) { $0["\(algorithm):\($1)"] = ["key": .string("key \($1)"), "signatures": [:]] }
    }
}

extension AccountsFixture {
    var encryption: Encryption { Encryption(accounts: accounts, database: database, serverName: ServerName(trusted: "example.org")) }
    var backups: KeyBackups { KeyBackups(database: database) }

    /// A new user and the user's keys.
    func keys(of name: String, device: String? = nil) async throws -> (requester: Requester, keys: TestKeys) {
        let requester = try requester(try await user(name))
        return (requester, try TestKeys(requester.userID))
    }

    func claim(_ user: UserID, _ device: String, _ algorithm: String = "signed_curve25519") async throws -> JSONObject? {
        let claims = try KeyClaims([user.string: .object([device: .string(algorithm)])])
        return try await encryption.claimKeys(claims).json()["one_time_keys", user.string, device]?.objectValue
    }

    func query(_ users: [String: [String]], by requester: Requester) throws -> JSONValue {
        let query = try KeyQuery(users.reduce(into: [:]) { $0[$1.key] = .array($1.value.map { .string($0) }) })
        return try encryption.queryKeys(query, for: requester).json()
    }
}
