import CanonicalJSON
import Homeserver
import MatrixProtocol

extension Answer {
    /// What a client gets that has registered or logged in.
    init(_ login: Login) {
        var body: JSONObject = ["user_id": .string(login.user.string), "home_server": .string(login.user.serverName.string)]
        if let device = login.device {
            body["device_id"] = .string(device.id)
            body["access_token"] = .string(device.accessToken)
        }
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

extension ClientRequest {
    /// The device that is to be logged in: `device_id` and `initial_device_display_name`.
    func loginDevice(_ body: Body) throws(MatrixError) -> LoginDevice {
        LoginDevice(
            id: try body.optional("device_id", as: .string),
            displayName: try body.optional("initial_device_display_name", as: .string), address: clientAddress)
    }
}
