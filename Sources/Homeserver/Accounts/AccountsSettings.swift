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
