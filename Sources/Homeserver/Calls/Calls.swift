import CanonicalJSON
import Crypto
import MatrixProtocol
import Store

/// What clients need from the server to call each other ("Voice over IP").
package struct Calls: Sendable {
    private let settings: CallSettings
    private let environment: Environment

    package init(settings: CallSettings, environment: Environment) {
        self.settings = settings
        self.environment = environment
    }

    /// The TURN servers, and what opens them for the requester (`GET /voip/turnServer`); empty where there are none.
    package func turnServers(for requester: Requester) -> JSONObject {
        guard !settings.turnURIs.isEmpty, let access = settings.turnAccess, settings.allowsGuests || !requester.isGuest else { return [:] }
        let (username, password) =
            switch access {
            case .password(let username, let password): (username, password)
            case .sharedSecret(let secret): credentials(for: requester.userID, secret)
            }
        return [
            "uris": .array(settings.turnURIs.map { .string($0) }), "ttl": .integer(settings.turnLifetimeSeconds),
            "username": .string(username), "password": .string(password),
        ]
    }

    private func credentials(for user: UserID, _ secret: String) -> (username: String, password: String) {
        let username = "\(environment.clock.now() / 1000 + settings.turnLifetimeSeconds):\(user)"
        let code = HMAC<Insecure.SHA1>.authenticationCode(for: Array(username.utf8), using: SymmetricKey(data: Array(secret.utf8)))
        // 20 bytes, so one character of padding, which TURN servers want.
        return (username, Base64.encode(Array(code)) + "=")
    }

    /// The services for calls of many (MSC4143); nil where there are none.
    package var transports: JSONValue? {
        guard !settings.liveKitServiceURLs.isEmpty else { return nil }
        return .array(settings.liveKitServiceURLs.map { ["type": "livekit", "livekit_service_url": .string($0)] })
    }
}
