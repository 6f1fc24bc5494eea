import CanonicalJSON
import Crypto
import CryptoExtras
import MatrixProtocol

/// What is configured for logins with a JSON Web Token (RFC 7519), as Synapse has it ("JWT Login Type" in its documentation).
package struct JSONWebTokenSettings: Sendable {
    package var key: JSONWebTokenKey
    /// The claim with the user's localpart.
    package var subjectClaim = "sub"
    /// What `iss` has to say; nil takes any.
    package var issuer: String?
    /// What `aud` has to name one of. With none, tokens for somebody in particular are refused.
    package var audiences: [String] = []

    package init(key: JSONWebTokenKey) {
        self.key = key
    }
}

/// The key that tokens are signed with, and the algorithm (RFC 7518, section 3.1; RFC 8037 for EdDSA).
package enum JSONWebTokenKey: Sendable {
    case hs256(SymmetricKey)
    case hs384(SymmetricKey)
    case hs512(SymmetricKey)
    case es256(P256.Signing.PublicKey)
    case es384(P384.Signing.PublicKey)
    case es512(P521.Signing.PublicKey)
    case rs256(_RSA.Signing.PublicKey)
    case rs384(_RSA.Signing.PublicKey)
    case rs512(_RSA.Signing.PublicKey)
    case edDSA(Curve25519.Signing.PublicKey)

    /// - Parameter secret: what both sides know, or a public key as PEM for the algorithms with one.
    /// - Returns: nil for an unknown algorithm, and for what is no key of it.
    package init?(algorithm: String, secret: String) {
        let symmetric = SymmetricKey(data: Array(secret.utf8))
        switch algorithm {
        case "HS256": self = .hs256(symmetric)
        case "HS384": self = .hs384(symmetric)
        case "HS512": self = .hs512(symmetric)
        case "ES256":
            guard let key = try? P256.Signing.PublicKey(pemRepresentation: secret) else { return nil }
            self = .es256(key)
        case "ES384":
            guard let key = try? P384.Signing.PublicKey(pemRepresentation: secret) else { return nil }
            self = .es384(key)
        case "ES512":
            guard let key = try? P521.Signing.PublicKey(pemRepresentation: secret) else { return nil }
            self = .es512(key)
        case "RS256", "RS384", "RS512":
            guard let key = try? _RSA.Signing.PublicKey(pemRepresentation: secret) else { return nil }
            self = algorithm == "RS256" ? .rs256(key) : algorithm == "RS384" ? .rs384(key) : .rs512(key)
        case "EdDSA":
            guard let key = Curve25519.Signing.PublicKey(pem: secret) else { return nil }
            self = .edDSA(key)
        default: return nil
        }
    }

    /// What a token's header has to call the algorithm.
    fileprivate var algorithm: String {
        switch self {
        case .hs256: "HS256"
        case .hs384: "HS384"
        case .hs512: "HS512"
        case .es256: "ES256"
        case .es384: "ES384"
        case .es512: "ES512"
        case .rs256: "RS256"
        case .rs384: "RS384"
        case .rs512: "RS512"
        case .edDSA: "EdDSA"
        }
    }

    fileprivate func isValid(_ signature: [UInt8], for text: [UInt8]) -> Bool {
        switch self {
        case .hs256(let key): HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: text, using: key)
        case .hs384(let key): HMAC<SHA384>.isValidAuthenticationCode(signature, authenticating: text, using: key)
        case .hs512(let key): HMAC<SHA512>.isValidAuthenticationCode(signature, authenticating: text, using: key)
        case .es256(let key):
            (try? P256.Signing.ECDSASignature(rawRepresentation: signature)).map { key.isValidSignature($0, for: text) } ?? false
        case .es384(let key):
            (try? P384.Signing.ECDSASignature(rawRepresentation: signature)).map { key.isValidSignature($0, for: text) } ?? false
        case .es512(let key):
            (try? P521.Signing.ECDSASignature(rawRepresentation: signature)).map { key.isValidSignature($0, for: text) } ?? false
        case .rs256(let key): Self.isValid(signature, for: SHA256.hash(data: text), key)
        case .rs384(let key): Self.isValid(signature, for: SHA384.hash(data: text), key)
        case .rs512(let key): Self.isValid(signature, for: SHA512.hash(data: text), key)
        case .edDSA(let key): key.isValidSignature(signature, for: text)
        }
    }

    private static func isValid(_ signature: [UInt8], for digest: some Digest, _ key: _RSA.Signing.PublicKey) -> Bool {
        key.isValidSignature(_RSA.Signing.RSASignature(rawRepresentation: signature), for: digest, padding: .insecurePKCS1v1_5)
    }
}

extension Curve25519.Signing.PublicKey {
    /// Reads a public key in PEM (RFC 8410, section 10.1); nil for what is none.
    fileprivate init?(pem: String) {
        // A sequence of the algorithm's identifier, 1.3.101.112, and the key as a bit string: the same bytes for every key but the last 32.
        let head: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]
        let lines = pem.split(whereSeparator: \.isNewline).map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
        guard lines.first == "-----BEGINPUBLICKEY-----", lines.last == "-----ENDPUBLICKEY-----",
            let bytes = Base64.decode(lines.dropFirst().dropLast().joined()), bytes.starts(with: head)
        else { return nil }
        do { try self.init(rawRepresentation: bytes.dropFirst(head.count)) } catch { return nil }
    }
}

/// The claims of a JSON Web Token whose signature is right.
struct JSONWebToken {
    let claims: JSONObject

    /// Why a token isn't accepted.
    struct Invalid: Error {
        let reason: String
    }

    /// By how much the clocks of two servers may differ, in seconds.
    static let leewaySeconds: Int64 = 120

    /// Reads a token in its compact form and checks the signature.
    init(_ text: String, signedWith key: JSONWebTokenKey) throws(Invalid) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
            let signature = Base64.decode(String(parts[2]))
        else { throw Invalid(reason: "it is malformed") }
        // The header may not choose the algorithm: a public key must never serve as a secret.
        guard header["alg"]?.stringValue == key.algorithm else { throw Invalid(reason: "it has another algorithm") }
        guard header["crit"] == nil else { throw Invalid(reason: "it has unknown critical extensions") }
        guard key.isValid(signature, for: Array("\(parts[0]).\(parts[1])".utf8)) else { throw Invalid(reason: "the signature is wrong") }
        self.claims = claims
    }

    private static func object(_ part: Substring) -> JSONObject? {
        Base64.decode(String(part)).flatMap { try? JSONValue(parsing: $0, .lenient).objectValue }
    }

    /// Checks when the token is good, from whom it is and for whom (RFC 7519, section 4.1).
    ///
    /// - Parameter now: in seconds since 1970.
    func check(_ settings: JSONWebTokenSettings, at now: Int64) throws(Invalid) {
        if let expiry = try time("exp"), expiry + Self.leewaySeconds <= now { throw Invalid(reason: "it has expired") }
        if let start = try time("nbf"), start - Self.leewaySeconds > now { throw Invalid(reason: "it is not good yet") }
        if let issuance = try time("iat"), issuance - Self.leewaySeconds > now { throw Invalid(reason: "it was issued in the future") }
        if let issuer = settings.issuer, claims["iss"]?.stringValue != issuer { throw Invalid(reason: "it is from another issuer") }
        let audiences = claims["aud"]?.arrayValue?.compactMap(\.stringValue) ?? claims["aud"]?.stringValue.map { [$0] } ?? []
        if claims["aud"] != nil || !settings.audiences.isEmpty, !audiences.contains(where: settings.audiences.contains) {
            throw Invalid(reason: "it is for somebody else")
        }
    }

    private func time(_ claim: String) throws(Invalid) -> Int64? {
        switch claims[claim] {
        case nil: return nil
        case .integer(let seconds)? where seconds.magnitude < 1 << 53: return seconds
        case .double(let seconds)? where abs(seconds) < 0x1p53: return Int64(seconds)
        default: throw Invalid(reason: "\(claim) is not a time")
        }
    }
}
