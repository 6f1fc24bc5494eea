import CanonicalJSON
import Crypto
import CryptoExtras
import Homeserver
import MatrixProtocol
import Store
import Testing

/// Logins with JSON Web Tokens, as Synapse has them.
@Suite struct AccountsJSONWebTokensTests {
    private static let secret = "a secret of both sides"
    private static let header: JSONObject = ["alg": "HS256", "typ": "JWT"]

    private func fixture(_ change: (inout JSONWebTokenSettings) -> Void = { _ in }) throws -> AccountsFixture {
        var tokens = JSONWebTokenSettings(key: try #require(JSONWebTokenKey(algorithm: "HS256", secret: Self.secret)))
        change(&tokens)
        var settings = AccountsSettings(token: AccountsFixture.token)
        settings.jsonWebTokens = tokens
        return try AccountsFixture(settings)
    }

    private func text(_ header: JSONObject, _ claims: JSONObject) -> String {
        "\(Base64URL.encode(header.encoded())).\(Base64URL.encode(claims.encoded()))"
    }

    private func token(_ claims: JSONObject, header: JSONObject = header, secret: String = secret) -> String {
        let text = text(header, claims)
        let code = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: Array(secret.utf8)))
        return "\(text).\(Base64URL.encode(Array(code)))"
    }

    @Test func aTokenLogsInAndMakesTheAccountTheFirstTime() async throws {
        let fixture = try fixture()
        #expect(fixture.accounts.loginTypes.contains(.jsonWebToken))
        let first = try await fixture.accounts.logIn(withJSONWebToken: token(["sub": "Dora"]), on: LoginDevice(id: "ONE"))
        let second = try await fixture.accounts.logIn(withJSONWebToken: token(["sub": "dora"]), on: LoginDevice(id: "TWO"))
        #expect(first.user.string == "@dora:example.org" && second.user == first.user)
        #expect(fixture.isLoggedIn(first) && fixture.isLoggedIn(second))
        // No password opens it.
        await expect(.forbidden, 403) { try await fixture.logIn("dora", password: "") }
    }

    /// The example of RFC 7515, appendix A.1.
    @Test func theExampleOfTheStandard() async throws {
        let key = try #require(Base64.decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))
        let settings = JSONWebTokenSettings(key: .hs256(SymmetricKey(data: key)))
        let text =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
            + "Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let fixture = try fixture { $0.key = settings.key }
        await expect(.forbidden, 403, "it has expired") {
            try await fixture.accounts.logIn(withJSONWebToken: text, on: LoginDevice())
        }
    }

    @Test(
        arguments: [
            (["sub": "dora", "exp": 1_767_225_000], "it has expired"),
            (["sub": "dora", "nbf": 1_767_226_000], "it is not good yet"),
            (["sub": "dora", "iat": 1_767_226_000], "it was issued in the future"),
            (["sub": "dora", "exp": "tomorrow"], "exp is not a time"),
            (["sub": "dora", "exp": .integer(.min)], "exp is not a time"),
            (["sub": "dora", "aud": "somebody"], "it is for somebody else"),
            (["sub": 1], "sub is no user name"), ([:], "sub is no user name"), (["sub": "a b"], "sub is no user name"),
        ] as [(JSONObject, String)])
    func claimsAreChecked(_ claims: JSONObject, _ reason: String) async throws {
        let fixture = try fixture()
        await expect(.forbidden, 403, reason) {
            try await fixture.accounts.logIn(withJSONWebToken: token(claims), on: LoginDevice())
        }
    }

    @Test func clocksMayDifferALittle() async throws {
        let fixture = try fixture()
        let claims: JSONObject = ["sub": "dora", "exp": 1_767_225_500, "nbf": 1_767_225_700, "iat": 1_767_225_700.5]
        _ = try await fixture.accounts.logIn(withJSONWebToken: token(claims), on: LoginDevice())
    }

    @Test func issuerAndAudienceAreChecked() async throws {
        let fixture = try fixture {
            $0.issuer = "https://issuer.example"
            $0.audiences = ["martlet", "others"]
            $0.subjectClaim = "name"
        }
        var claims: JSONObject = ["name": "dora", "iss": "https://issuer.example", "aud": ["nobody", "others"]]
        _ = try await fixture.accounts.logIn(withJSONWebToken: token(claims), on: LoginDevice())
        claims["aud"] = "martlet"
        _ = try await fixture.accounts.logIn(withJSONWebToken: token(claims), on: LoginDevice())
        for (claim, value) in [("aud", nil), ("aud", "nobody"), ("iss", nil), ("iss", "https://other.example")] as [(String, JSONValue?)] {
            var wrong = claims
            wrong[claim] = value
            await expect(.forbidden, 403) { try await fixture.accounts.logIn(withJSONWebToken: token(wrong), on: LoginDevice()) }
        }
    }

    @Test func whatIsNotSignedIsRefused() async throws {
        let fixture = try fixture()
        let good = token(["sub": "dora"])
        let unsigned = text(["alg": "none"], ["sub": "dora"])
        let bad = [
            "", ".", "..", "a.b.c", String(good.dropLast(2)), good + ".", unsigned + ".", token(["sub": "dora"], secret: "another"),
            token(["sub": "dora"], header: ["alg": "HS512"]), token(["sub": "dora"], header: [:]),
            token(["sub": "dora"], header: ["alg": "HS256", "crit": ["b64"]]), "\(text(["alg": "none"], ["sub": "dora"])).",
        ]
        for text in bad {
            await expect(.forbidden, 403) { try await fixture.accounts.logIn(withJSONWebToken: text, on: LoginDevice()) }
        }
    }

    @Test func publicKeysCheckToo() async throws {
        let key = P256.Signing.PrivateKey()
        let publicKey = try #require(JSONWebTokenKey(algorithm: "ES256", secret: key.publicKey.pemRepresentation))
        let fixture = try fixture { $0.key = publicKey }
        let text = text(["alg": "ES256"], ["sub": "dora"])
        let signature = try key.signature(for: Array(text.utf8)).rawRepresentation
        _ = try await fixture.accounts.logIn(withJSONWebToken: "\(text).\(Base64URL.encode(Array(signature)))", on: LoginDevice())
        // The public key is no secret.
        let forged = token(["sub": "dora"], secret: key.publicKey.pemRepresentation)
        await expect(.forbidden, 403) { try await fixture.accounts.logIn(withJSONWebToken: forged, on: LoginDevice()) }
        #expect(JSONWebTokenKey(algorithm: "ES256", secret: "no key") == nil)
        #expect(JSONWebTokenKey(algorithm: "none", secret: "") == nil)
    }

    @Test(arguments: ["RS256", "RS384", "RS512"]) func rsaKeysCheckToo(_ algorithm: String) async throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let publicKey = try #require(JSONWebTokenKey(algorithm: algorithm, secret: key.publicKey.pemRepresentation))
        let fixture = try fixture { $0.key = publicKey }
        let text = text(["alg": .string(algorithm)], ["sub": "dora"])
        let bytes = Array(text.utf8)
        let signature =
            switch algorithm {
            case "RS256": try key.signature(for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5)
            case "RS384": try key.signature(for: SHA384.hash(data: bytes), padding: .insecurePKCS1v1_5)
            default: try key.signature(for: SHA512.hash(data: bytes), padding: .insecurePKCS1v1_5)
            }
        _ = try await fixture.accounts.logIn(
            withJSONWebToken: "\(text).\(Base64URL.encode(Array(signature.rawRepresentation)))", on: LoginDevice())
        let other = try key.signature(for: SHA256.hash(data: bytes), padding: .PSS)
        for wrong in [Array(other.rawRepresentation), [], [1, 2, 3]] {
            await expect(.forbidden, 403) {
                try await fixture.accounts.logIn(withJSONWebToken: "\(text).\(Base64URL.encode(wrong))", on: LoginDevice())
            }
        }
        #expect(JSONWebTokenKey(algorithm: algorithm, secret: P256.Signing.PrivateKey().publicKey.pemRepresentation) == nil)
    }

    @Test func ed25519KeysCheckToo() async throws {
        let key = Curve25519.Signing.PrivateKey()
        let der: [UInt8] =
            [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00] + Array(key.publicKey.rawRepresentation)
        let pem = "-----BEGIN PUBLIC KEY-----\n\(Base64.encode(der))\n-----END PUBLIC KEY-----\n"
        let publicKey = try #require(JSONWebTokenKey(algorithm: "EdDSA", secret: pem))
        let fixture = try fixture { $0.key = publicKey }
        let text = text(["alg": "EdDSA"], ["sub": "dora"])
        let signature = try key.signature(for: Array(text.utf8))
        _ = try await fixture.accounts.logIn(withJSONWebToken: "\(text).\(Base64URL.encode(Array(signature)))", on: LoginDevice())
        let other = try Curve25519.Signing.PrivateKey().signature(for: Array(text.utf8))
        await expect(.forbidden, 403) {
            try await fixture.accounts.logIn(withJSONWebToken: "\(text).\(Base64URL.encode(Array(other)))", on: LoginDevice())
        }
        for wrong in ["", pem.replacing("PUBLIC", with: "PRIVATE"), pem.replacing("M", with: "N"), String(pem.dropFirst(5))] {
            #expect(JSONWebTokenKey(algorithm: "EdDSA", secret: wrong) == nil)
        }
    }

    @Test func withoutPasswordATokenAllowsWhatNeedsMore() async throws {
        let fixture = try fixture()
        let login = try await fixture.accounts.logIn(withJSONWebToken: token(["sub": "dora"]), on: LoginDevice())
        let dora = try fixture.requester(login)
        let required = try #require(await fixture.accounts.challenge { try await $0.deactivate(dora, isErased: false, auth: nil) })
        #expect(required.flows == [["m.login.password"], ["org.matrix.login.jwt"]])
        let other = required.auth("org.matrix.login.jwt", ["token": .string(token(["sub": "other"]))])
        #expect(await fixture.accounts.challenge { try await $0.deactivate(dora, isErased: false, auth: other) }?.errcode == "M_FORBIDDEN")
        let own = required.auth("org.matrix.login.jwt", ["token": .string(token(["sub": "dora"]))])
        try await fixture.accounts.deactivate(dora, isErased: false, auth: own)
        await expect(.userDeactivated, 403) {
            try await fixture.accounts.logIn(withJSONWebToken: token(["sub": "dora"]), on: LoginDevice())
        }
    }
}
