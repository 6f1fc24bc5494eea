extension Configuration {
    /// Who may make an account.
    package struct Registration: ConfigurationSection {
        /// Whether clients can register at all.
        package var enabled = true
        /// Whether they need a registration token (`m.login.registration_token`).
        package var requireToken = true
        /// The registration token; without it one is made at the first start and kept.
        package var token: String?
        /// The secret of Synapse's `/_synapse/admin/v1/register`; without it that endpoint is off.
        package var sharedSecret: String?
        /// Whether anybody gets an account as a guest, without a password, and with few rights.
        package var allowGuests = false

        package init() {}

        package static let options: [ConfigurationOption<Registration>] = [
            ConfigurationOption("enabled", \.enabled),
            ConfigurationOption("require_token", \.requireToken),
            ConfigurationOption("token", \.token),
            ConfigurationOption("shared_secret", \.sharedSecret),
            ConfigurationOption("allow_guests", \.allowGuests),
        ]
    }

    package struct RateLimits: ConfigurationSection {
        package var enabled = true

        package init() {}

        package static let options = [ConfigurationOption<RateLimits>("enabled", \.enabled)]
    }
}
