extension Configuration {
    /// Streams for other programs.
    package struct Streams: ConfigurationSection {
        /// Whether they are served at all.
        package var enabled = true
        /// Who may make public streams.
        package var newRooms = NewRooms.users
        /// What stands before the paths of the endpoints.
        package var path = "/_martlet/streams"
        /// After how many seconds a stream is removed that nobody has changed or listened to.
        package var idleTime = 30 * 24 * 60 * 60
        /// With so many bytes in all streams together nothing more is kept.
        package var maxSize = ByteSize(mebibytes: 1024)
        /// Whether the demo page is served.
        package var demo = false

        package init() {}

        package static let options: [ConfigurationOption<Streams>] = [
            ConfigurationOption("enabled", \.enabled),
            ConfigurationOption("new_rooms", \.newRooms),
            ConfigurationOption("path", \.path),
            ConfigurationOption("idle_time", \.idleTime),
            ConfigurationOption("max_size", \.maxSize),
            ConfigurationOption("demo", \.demo),
        ]

        package enum NewRooms: String, ConfigurationChoice {
            case open
            case users
            case off
        }
    }
}
