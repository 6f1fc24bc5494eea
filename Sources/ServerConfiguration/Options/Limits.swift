extension Configuration {
    /// How much users can have kept.
    package struct Limits: ConfigurationSection {
        /// How many devices a user has at most; for one more, that is logged out which was seen longest ago.
        package var devices = 500

        package init() {}

        package static let options = [ConfigurationOption<Limits>("devices", \.devices)]

        /// What the logins of a user can be at most, so that all of them can be changed at once.
        static let devicesMax = 1000
    }
}
