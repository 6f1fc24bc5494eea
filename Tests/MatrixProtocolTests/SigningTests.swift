import CanonicalJSON
import MatrixProtocol
import Testing

struct SigningTests {
    private let server = ServerName(trusted: "example.org")

    private func key(_ byte: UInt8, _ version: String) throws -> SigningKey {
        try #require(SigningKey(seed: [UInt8](repeating: byte, count: SigningKey.seedSizeBytes), version: version))
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ])
    func base64Examples(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test func base64Alphabets() {
        let bytes: [UInt8] = [0xfb, 0xff, 0xbf]
        #expect(Base64.encode(bytes) == "+/+/" && Base64.encode(bytes, .urlSafe) == "-_-_")
        #expect(Base64.decode("+/+/") == bytes && Base64.decode("-_-_") == bytes)
        #expect(Base64.decode("Zg==") == [0x66] && Base64.decode("Zm8=") == [0x66, 0x6f])
        for invalid in ["Z", "Zg===", "Z=g", "Zm9v Zg", "Zm9v\n", "Zß"] { #expect(Base64.decode(invalid) == nil) }
    }

    @Test func keyFile() throws {
        let key = try key(7, "a_1234")
        #expect(key.text == "ed25519 a_1234 BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc")
        let read = try #require(SigningKey(text: key.text + "\n"))
        #expect(read.keyID == "ed25519:a_1234" && read.verifyKey.base64 == key.verifyKey.base64)
        for invalid in ["", "ed25519 a_1234", "ed25519 a_1234 BwcH", "rsa a_1234 BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"] {
            #expect(SigningKey(text: invalid) == nil)
        }
        #expect(SigningKey(seed: [1, 2, 3], version: "a") == nil)
        #expect(SigningKey(seed: [UInt8](repeating: 0, count: 32), version: "a:b") == nil)
    }

    /// From version 5 on a key counts until what its server says, and no longer than 7 days after it was asked.
    @Test(arguments: RoomVersion.supported)
    func keyValidity(version: RoomVersion) {
        let week = KeyValidity.trustMaxMs
        let short = KeyValidity(validUntil: 1_000, receivedAt: 500)
        #expect(short.covers(originServerTS: 1_000, version: version))
        let enforces = ![RoomVersion.v1, .v2, .v3, .v4].contains(version)
        #expect(short.covers(originServerTS: 1_001, version: version) == !enforces)
        let long = KeyValidity(validUntil: .max, receivedAt: 500)
        #expect(long.covers(originServerTS: 500 + week, version: version))
        #expect(long.covers(originServerTS: 501 + week, version: version) == !enforces)
        let old = KeyValidity(expired: 700)
        #expect(old.covers(originServerTS: 700, version: version) && old.covers(originServerTS: 701, version: version) == !enforces)
    }

    @Test func severalSignatures() throws {
        let first = try key(1, "one")
        let second = try key(2, "two")
        let other = ServerName(trusted: "other.example.org")
        var object = try first.sign(["a": 1, "unsigned": ["age": 3]], as: server)
        object = try second.sign(object, as: server)
        object = try second.sign(object, as: other)
        object["unsigned"] = ["age": 4]
        let keys = [first.keyID: first.verifyKey, second.keyID: second.verifyKey]
        try SignedJSON.verify(object, signedBy: server) { keys[$0] }
        try SignedJSON.verify(object, signedBy: server) { $0 == "ed25519:two" ? second.verifyKey : nil }
        try SignedJSON.verify(object, signedBy: other) { keys[$0] }
        #expect(SignedJSON.signatures(of: server.string, on: object).map(\.keyID) == ["ed25519:one", "ed25519:two"])
    }

    @Test func failedChecks() throws {
        let key = try key(1, "one")
        let stranger = try self.key(9, "one").verifyKey
        let object = try key.sign(["a": 1], as: server)
        #expect(throws: SignatureError.notSigned(by: ServerName(trusted: "x"))) {
            try SignedJSON.verify(object, signedBy: ServerName(trusted: "x")) { _ in key.verifyKey }
        }
        #expect(throws: SignatureError.noKnownKey(server)) { try SignedJSON.verify(object, signedBy: server) { _ in nil } }
        #expect(throws: SignatureError.invalid(server, keyID: "ed25519:one")) {
            try SignedJSON.verify(object, signedBy: server) { _ in stranger }
        }
        var changed = object
        changed["a"] = 2
        #expect(throws: SignatureError.invalid(server, keyID: "ed25519:one")) {
            try SignedJSON.verify(changed, signedBy: server) { _ in key.verifyKey }
        }
        var unknownAlgorithm: JSONObject = ["a": 1]
        unknownAlgorithm["signatures"] = ["example.org": ["rot13:one": "abc"]]
        #expect(throws: SignatureError.notSigned(by: server)) {
            try SignedJSON.verify(unknownAlgorithm, signedBy: server) { _ in key.verifyKey }
        }
        var notBase64 = object
        notBase64["signatures"] = ["example.org": ["ed25519:one": "?"]]
        #expect(throws: SignatureError.invalid(server, keyID: "ed25519:one")) {
            try SignedJSON.verify(notBase64, signedBy: server) { _ in key.verifyKey }
        }
    }
}
