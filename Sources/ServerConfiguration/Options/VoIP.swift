extension Configuration {
    /// What clients use to call each other.
    package struct VoIP: ConfigurationSection {
        /// The TURN servers' addresses.
        package var turnURIs: [String] = []
        /// What the TURN servers know, too; it makes names and passwords that end.
        package var turnSharedSecret: String?
        /// One name for all, where there is no shared secret.
        package var turnUsername: String?
        package var turnPassword: String?
        /// How long a name and a password are good, in seconds.
        package var turnUserLifetime = 60 * 60
        /// Whether guests are told of the TURN servers.
        package var turnAllowGuests = true
        /// The services that give access to a LiveKit server.
        package var liveKitServiceURLs: [String] = []

        package init() {}

        package static let options: [ConfigurationOption<VoIP>] = [
            ConfigurationOption("turn_uris", \.turnURIs),
            ConfigurationOption("turn_shared_secret", \.turnSharedSecret),
            ConfigurationOption("turn_username", \.turnUsername),
            ConfigurationOption("turn_password", \.turnPassword),
            ConfigurationOption("turn_user_lifetime", \.turnUserLifetime),
            ConfigurationOption("turn_allow_guests", \.turnAllowGuests),
            ConfigurationOption("livekit_service_urls", \.liveKitServiceURLs),
        ]
    }
}
