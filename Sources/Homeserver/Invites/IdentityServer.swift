import CanonicalJSON
import Crypto
import MatrixProtocol
import Store

/// An identity server that a client has named, with the client's access token for it (Identity Service API).
struct IdentityServer: Sendable {
    let name: ServerName
    let accessToken: String
    let http: any OutgoingHTTP

    /// The user who has bound an address ("Association lookup"); nil if nobody has.
    ///
    /// - Throws: what `request` throws.
    func user(of address: ThirdPartyAddress) async throws -> UserID? {
        let details = try await request("hash_details")
        guard let pepper = details["lookup_pepper"]?.stringValue,
            let algorithms = details["algorithms"]?.arrayValue?.compactMap(\.stringValue)
        else { throw unexpected }
        let (algorithm, text) = try lookupText(of: address, algorithms, pepper: pepper)
        let lookup: JSONObject = ["algorithm": .string(algorithm), "pepper": .string(pepper), "addresses": [.string(text)]]
        guard let mappings = try await request("lookup", lookup)["mappings"]?.objectValue else { throw unexpected }
        return mappings[text]?.stringValue.flatMap(UserID.init)
    }

    /// What stands for an address in a lookup, by the best algorithm that the server knows.
    private func lookupText(
        of address: ThirdPartyAddress, _ algorithms: [String], pepper: String
    ) throws -> (algorithm: String, text: String) {
        let text = "\(address.address) \(address.medium)"
        if algorithms.contains("sha256") {
            return ("sha256", Base64URL.encode(Array(SHA256.hash(data: Array("\(text) \(pepper)".utf8)))))
        }
        guard algorithms.contains("none") else { throw unexpected }
        return ("none", text)
    }

    /// An invite that waits at the identity server for somebody who binds the address.
    struct StoredInvite {
        let token: String
        let displayName: String
        /// `public_key` and `key_validity_url` of each key with which the token may be signed.
        let publicKeys: [(key: String, validityURL: String?)]
    }

    /// Has the server keep an invite, and tell the address of it ("Invitation storage").
    ///
    /// - Throws: what `request` throws.
    func store(_ invite: JSONObject) async throws -> StoredInvite {
        let stored = try await request("store-invite", invite)
        let keys = (stored["public_keys"]?.arrayValue ?? []).compactMap { key -> (String, String?)? in
            let key = key.objectValue
            return key?["public_key"]?.stringValue.map { ($0, key?["key_validity_url"]?.stringValue) }
        }
        guard let token = stored["token"]?.stringValue, Self.isToken(token), let displayName = stored["display_name"]?.stringValue,
            !keys.isEmpty
        else { throw unexpected }
        return StoredInvite(token: token, displayName: displayName, publicKeys: keys)
    }

    /// Whether the text has the form of an invite's token.
    private static func isToken(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "._=-".utf8.contains($0) }
    }

    /// Has the server bind an address to a user ID ("Establishing associations").
    ///
    /// - Throws: the server's own error where it has one; else what `request` throws.
    func bind(_ sid: String, clientSecret: String, to user: UserID) async throws {
        let body: JSONObject = ["sid": .string(sid), "client_secret": .string(clientSecret), "mxid": .string(user.string)]
        let request = OutgoingRequest(
            url: "https://\(name)/_matrix/identity/v2/3pid/bind", accessToken: accessToken, body: body.encoded())
        let answer = try await Self.answer(to: request, from: name.string, http)
        if answer.status == 200 { return }
        let json = try? JSONValue(parsing: answer.body).objectValue
        guard (400..<500).contains(answer.status), let code = json?["errcode"]?.stringValue else { throw unexpected }
        throw MatrixError(
            MatrixError.Code(rawValue: code) ?? .unknown, json?["error"]?.stringValue ?? "The identity server \(name) refuses this",
            status: answer.status)
    }

    /// Makes a request and reads the answer's object.
    ///
    /// - Parameter body: what is posted; nil makes it a `GET`.
    /// - Throws: `M_SERVER_NOT_TRUSTED` for a server that no requests are made to, `M_TERMS_NOT_SIGNED` as the server says it, and `M_UNKNOWN`
    ///   with the status 502 for all else that goes wrong there.
    private func request(_ endpoint: String, _ body: JSONObject? = nil) async throws -> JSONObject {
        let request = OutgoingRequest(
            url: "https://\(name)/_matrix/identity/v2/\(endpoint)", accessToken: accessToken, body: body?.encoded())
        let answer = try await Self.answer(to: request, from: name.string, http)
        let json = try? JSONValue(parsing: answer.body).objectValue
        if answer.status == 403, json?["errcode"]?.stringValue == MatrixError.Code.termsNotSigned.rawValue {
            throw MatrixError(.termsNotSigned, "The terms of \(name) have to be accepted first")
        }
        guard answer.status == 200, let json else {
            let reason = json?["errcode"]?.stringValue.map { " \($0)" } ?? ""
            throw MatrixError(.unknown, "The identity server \(name) has answered \(answer.status)\(reason)", status: 502)
        }
        return json
    }

    private var unexpected: MatrixError {
        MatrixError(.unknown, "The identity server \(name) has answered something that is not in the specification", status: 502)
    }

    private static func answer(to request: OutgoingRequest, from name: String, _ http: any OutgoingHTTP) async throws -> OutgoingAnswer {
        do {
            return try await http.answer(to: request)
        } catch OutgoingHTTPError.notAllowed {
            throw MatrixError(.serverNotTrusted, "This server makes no requests to \(name)")
        } catch OutgoingHTTPError.failed {
            throw MatrixError(.unknown, "The identity server \(name) can't be reached", status: 502)
        }
    }

    /// Whether a key is still good, by what its own address says ("m.room.third_party_invite").
    ///
    /// - Throws: `M_SERVER_NOT_TRUSTED` for an address that no requests are made to, `M_UNKNOWN` with the status 502 when there is no answer.
    static func isValid(_ key: String, at validityURL: String, _ http: any OutgoingHTTP) async throws -> Bool {
        guard validityURL.hasPrefix("https://") else {
            throw MatrixError(.serverNotTrusted, "The key's validity can't be asked for safely")
        }
        let encoded = key.utf8.map { byte in
            byte.isASCIILetterOrDigit
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
        let url = validityURL + (validityURL.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + "public_key=" + encoded
        let answer = try await answer(to: OutgoingRequest(url: url), from: "the one that has signed", http)
        let json = try? JSONValue(parsing: answer.body).objectValue
        return answer.status == 200 && json?["valid"]?.boolValue == true
    }
}
