extension Configuration {
    /// Whom users can ask for help: the content of `/.well-known/matrix/support`
    /// ([Client-Server API, Getting admin contact and support page](https://spec.matrix.org/v1.19/client-server-api/#getwell-knownmatrixsupport)).
    package struct Support: ConfigurationSection {
        package var contacts: [Contact] = []
        /// The URL of a page for users of the server.
        package var supportPage: String?

        package init() {}

        package static let options: [ConfigurationOption<Support>] = [
            ConfigurationOption("contacts", \.contacts),
            ConfigurationOption("support_page", \.supportPage),
        ]
    }

    /// A way to reach an administrator: by an email address, a Matrix ID or both.
    package struct Contact: ConfigurationSection {
        package var emailAddress: String?
        package var matrixID: String?
        /// `m.role.admin`, `m.role.security` or one of the administrator's own.
        package var role = "m.role.admin"

        package init() {}

        package static let options: [ConfigurationOption<Contact>] = [
            ConfigurationOption("email_address", \.emailAddress),
            ConfigurationOption("matrix_id", \.matrixID),
            ConfigurationOption("role", \.role),
        ]
    }
}
