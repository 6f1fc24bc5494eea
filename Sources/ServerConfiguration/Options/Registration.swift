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
        /// Whether nobody registers without an email address.
        package var requireEmail = false
        /// What people have to agree to.
        package var terms: [Terms] = []

        package init() {}

        package static let options: [ConfigurationOption<Registration>] = [
            ConfigurationOption("enabled", \.enabled),
            ConfigurationOption("require_token", \.requireToken),
            ConfigurationOption("token", \.token),
            ConfigurationOption("shared_secret", \.sharedSecret),
            ConfigurationOption("allow_guests", \.allowGuests),
            ConfigurationOption("require_email", \.requireEmail),
            ConfigurationOption("terms", \.terms),
        ]
    }

    /// A document that people have to agree to when they register.
    package struct Terms: ConfigurationSection {
        /// What clients know it by.
        package var id = "terms_of_service"
        package var version = "1"
        package var name = ""
        package var url = ""
        package var language = "en"

        package init() {}

        package static let options: [ConfigurationOption<Terms>] = [
            ConfigurationOption("id", \.id),
            ConfigurationOption("version", \.version),
            ConfigurationOption("name", \.name),
            ConfigurationOption("url", \.url),
            ConfigurationOption("language", \.language),
        ]
    }
}
