import CanonicalJSON

/// What a client sends to register (`POST /register`).
package struct RegistrationRequest: Sendable {
    /// The kinds of accounts that can be asked for.
    package enum Kind: String, Sendable {
        case user
        case guest
    }

    package var kind: Kind
    /// The user ID's localpart, in any case; nil has one made.
    package var username: String?
    package var password: String?
    package var device: LoginDevice
    /// Whether no device is to be logged in.
    package var inhibitsLogin: Bool
    /// The request's `auth`.
    package var auth: JSONObject?

    package init(
        kind: Kind = .user, username: String? = nil, password: String? = nil, device: LoginDevice = LoginDevice(),
        inhibitsLogin: Bool = false, auth: JSONObject? = nil
    ) {
        self.kind = kind
        self.username = username
        self.password = password
        self.device = device
        self.inhibitsLogin = inhibitsLogin
        self.auth = auth
    }
}
