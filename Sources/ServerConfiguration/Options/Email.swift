extension Configuration {
    /// The mail server that takes the server's messages to its users.
    package struct Email: ConfigurationSection {
        package var host = ""
        package var port = 587
        package var security = Security.startTLS
        package var username: String?
        package var password: String?
        /// The address that messages come from.
        package var sender = ""
        /// The name that stands beside it.
        package var senderName: String?
        /// For how many seconds something is unread before a message tells of it.
        package var notificationDelay = 600

        package init() {}

        package static let options: [ConfigurationOption<Email>] = [
            ConfigurationOption("host", \.host),
            ConfigurationOption("port", \.port),
            ConfigurationOption("security", \.security),
            ConfigurationOption("username", \.username),
            ConfigurationOption("password", \.password),
            ConfigurationOption("sender", \.sender),
            ConfigurationOption("sender_name", \.senderName),
            ConfigurationOption("notification_delay", \.notificationDelay),
        ]

        package enum Security: String, ConfigurationChoice {
            case none
            case startTLS = "starttls"
            case tls
        }
    }
}
