import MatrixProtocol

/// What the administrator decides about accounts.
package struct AccountsSettings: Sendable {
    /// Whether people can register.
    package var registrationEnabled: Bool
    /// Whether they need the registration token for it.
    package var requiresToken: Bool
    /// The registration token; nil has the server make one for itself.
    package var token: String?
    /// What tools know that register users with Synapse's `/_synapse/admin/v1/register`; nil turns that off.
    package var sharedSecret: String?
    /// Whether anybody gets an account as a guest.
    package var allowsGuests: Bool
    /// What people have to agree to when they register ("Terms of service at registration").
    package var terms: [RegistrationTerms] = []

    /// How people prove that an email address is theirs; nil where no mail server is configured.
    package var email: EmailSettings?

    /// Whether passwords open accounts.
    package var allowsPasswords = true
    /// Whether a device that is logged in can have another one logged in with a token.
    package var allowsLoginTokens = true
    /// How JSON Web Tokens are checked; nil turns logins with them off.
    package var jsonWebTokens: JSONWebTokenSettings?
    package var tokenLifetimes = TokenLifetimes()
    /// How many devices a user has at most; for one more, that is logged out which was seen longest ago.
    package var devicesMax = 500
    /// Which push rules everybody has.
    package var pushRules = PushRuleOptions()
    /// How often accounts are made and opened; nil sets no limits.
    package var rateLimits: RateLimits?

    package init(
        registrationEnabled: Bool = true, requiresToken: Bool = true, token: String? = nil, sharedSecret: String? = nil,
        allowsGuests: Bool = false
    ) {
        self.registrationEnabled = registrationEnabled
        self.requiresToken = requiresToken
        self.token = token
        self.sharedSecret = sharedSecret
        self.allowsGuests = allowsGuests
    }
}

/// A document that people have to agree to.
package struct RegistrationTerms: Sendable, Equatable {
    /// What clients know it by, such as `privacy_policy`.
    package var id: String
    package var version: String
    /// What it is called, in the language that it is in.
    package var name: String
    package var url: String
    /// The language's code, such as `en`.
    package var language: String

    package init(id: String, version: String, name: String, url: String, language: String = "en") {
        self.id = id
        self.version = version
        self.name = name
        self.url = url
        self.language = language
    }
}
