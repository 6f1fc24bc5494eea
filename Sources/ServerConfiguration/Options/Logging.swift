extension Configuration {
    /// The log on standard error.
    package struct Logging: ConfigurationSection {
        /// The least level that is written.
        package var level = Level.info
        package var format = Format.text

        package init() {}

        package static let options: [ConfigurationOption<Logging>] = [
            ConfigurationOption("level", \.level),
            ConfigurationOption("format", \.format),
        ]

        package enum Level: String, ConfigurationChoice {
            case trace, debug, info, notice, warning, error, critical
        }

        package enum Format: String, ConfigurationChoice {
            /// A line for people.
            case text
            /// A JSON object on one line.
            case json
        }
    }
}
