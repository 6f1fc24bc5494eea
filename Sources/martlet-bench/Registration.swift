import CanonicalJSON
import Crypto
import NIOCore

/// How accounts are made on a homeserver.
enum Registration: Sendable {
    /// `POST /_matrix/client/v3/register` with user-interactive authentication: `m.login.registration_token` where a token is given and
    /// asked for, and `m.login.dummy`.
    case userInteractive(token: String?)
    /// Synapse's `POST /_synapse/admin/v1/register`, authenticated by an HMAC with the server's shared secret.
    case sharedSecret(String)

    /// Makes an account and logs in.
    ///
    /// - Returns: the account's user ID and access token.
    func register(username: String, password: String, client: MatrixClient) async throws -> (userID: String, accessToken: String) {
        let answer =
            switch self {
            case .userInteractive(let token):
                try await Self.interactively(username: username, password: password, token: token, client: client)
            case .sharedSecret(let secret):
                try await Self.bySharedSecret(secret, username: username, password: password, client: client)
            }
        let scan = try Scan(answer)
        return (try scan.string("user_id"), try scan.string("access_token"))
    }

    private static func bySharedSecret(
        _ secret: String, username: String, password: String, client: MatrixClient
    ) async throws(RequestFailure) -> [UInt8] {
        let path = "/_synapse/admin/v1/register"
        let nonce = try Scan(try await client.request(.get, path)).string("nonce")
        let message = [nonce, username, password, "notadmin"].joined(separator: "\0")
        let mac = HMAC<Insecure.SHA1>.authenticationCode(for: Array(message.utf8), using: SymmetricKey(data: Array(secret.utf8)))
        let hexadecimal = mac.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
        let request: JSONObject = [
            "nonce": .string(nonce), "username": .string(username), "password": .string(password), "admin": false,
            "mac": .string(hexadecimal),
        ]
        return try await client.request(.post, path, body: ByteBuffer(json: request))
    }

    /// Goes through the stages of the first flow that consists of stages known here.
    private static func interactively(
        username: String, password: String, token: String?, client: MatrixClient
    ) async throws(RequestFailure) -> [UInt8] {
        let path = "/_matrix/client/v3/register"
        var request: JSONObject = ["username": .string(username), "password": .string(password)]
        var answer = try await client.exchange(.post, path, body: ByteBuffer(json: request))
        guard answer.status == 401 else {
            return try answer.success()
        }
        let offer = (try? JSONValue(parsing: answer.body))?.objectValue ?? [:]
        let known: Set<String> = token == nil ? ["m.login.dummy"] : ["m.login.dummy", "m.login.registration_token"]
        let flows = (offer["flows"]?.arrayValue ?? []).map { flow in
            (flow.objectValue?["stages"]?.arrayValue ?? []).compactMap(\.stringValue)
        }
        guard let stages = flows.first(where: known.isSuperset(of:)) else {
            let offered = flows.map { $0.joined(separator: " + ") }.joined(separator: ", ")
            throw RequestFailure("registration is offered by \(offered) only")
        }
        for stage in stages {
            var authentication: JSONObject = ["type": .string(stage)]
            authentication["session"] = offer["session"]
            if stage == "m.login.registration_token" {
                authentication["token"] = token.map { .string($0) }
            }
            request["auth"] = .object(authentication)
            answer = try await client.exchange(.post, path, body: ByteBuffer(json: request))
            if answer.status != 401 {
                break
            }
        }
        return try answer.success()
    }
}
