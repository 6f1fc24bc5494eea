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

    package init(registrationEnabled: Bool = true, requiresToken: Bool = true, token: String? = nil, sharedSecret: String? = nil) {
        self.registrationEnabled = registrationEnabled
        self.requiresToken = requiresToken
        self.token = token
        self.sharedSecret = sharedSecret
    }
}
