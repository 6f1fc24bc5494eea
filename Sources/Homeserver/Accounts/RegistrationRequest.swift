import CanonicalJSON

/// What a client sends to register (`POST /register`).
package struct RegistrationRequest: Sendable {
    /// The kinds of accounts that can be asked for.
    package enum Kind: String, Sendable {
        case user
        case guest
    }

    /// The user ID's localpart, in any case; nil has one made.
    package var username: String?
    package var password: String?
    package var device: LoginDevice
    /// Whether no device is to be logged in.
    package var inhibitsLogin: Bool
    /// The access token of the guest whose account becomes a user's.
    package var guestAccessToken: String?
    /// The request's `auth`.
    package var auth: JSONObject?

    package init(
        username: String? = nil, password: String? = nil, device: LoginDevice = LoginDevice(),
        inhibitsLogin: Bool = false, guestAccessToken: String? = nil, auth: JSONObject? = nil
    ) {
        self.username = username
        self.password = password
        self.device = device
        self.inhibitsLogin = inhibitsLogin
        self.guestAccessToken = guestAccessToken
        self.auth = auth
    }
}
