import CanonicalJSON
import Homeserver
import MatrixProtocol

extension Answer {
    /// What a client gets that has registered or logged in.
    ///
    /// - Parameter wellKnown: what the client should know of the server beside.
    init(_ login: Login, wellKnown: JSONObject? = nil) {
        var body: JSONObject = ["user_id": .string(login.user.string), "home_server": .string(login.user.serverName.string)]
        if let device = login.device {
            body["device_id"] = .string(device.id)
            body.add(device.tokens)
        }
        body["well_known"] = wellKnown.map { .object($0) }
        self.init(body)
    }

    /// What a client gets that has refreshed its tokens.
    init(_ tokens: FreshTokens) {
        var body: JSONObject = [:]
        body.add(tokens)
        self.init(body)
    }

    /// The answer of an operation, or what the client has to do before ("User-interactive API in the REST API").
    static func afterInteractiveAuthentication(_ operation: () async throws -> Answer) async throws -> Answer {
        do {
            return try await operation()
        } catch let required as InteractiveAuthenticationRequired {
            return Answer(required.body, status: .unauthorized)
        }
    }
}

extension JSONObject {
    fileprivate mutating func add(_ tokens: FreshTokens) {
        self["access_token"] = .string(tokens.accessToken)
        self["expires_in_ms"] = tokens.expiresInMilliseconds.map { .integer($0) }
        self["refresh_token"] = tokens.refreshToken.map { .string($0) }
    }
}

extension ClientRequest {
    /// The device that is to be logged in: `device_id`, `initial_device_display_name` and `refresh_token`.
    func loginDevice(_ body: Body) throws(MatrixError) -> LoginDevice {
        LoginDevice(
            id: try body.optional("device_id", as: .string),
            displayName: try body.optional("initial_device_display_name", as: .string), address: clientAddress,
            canRefresh: try body.optional("refresh_token", as: .bool) ?? false)
    }
}
