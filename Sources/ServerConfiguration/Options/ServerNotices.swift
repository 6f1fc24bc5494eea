extension Configuration {
    /// Messages of the administrators to single users.
    package struct ServerNotices: ConfigurationSection {
        /// The localpart of the user who sends them; without it there are none.
        package var user: String?
        package var displayName = "Server Notices"
        /// The address of a picture, `mxc:`.
        package var avatarURL: String?
        package var roomName = "Server Notices"

        package init() {}

        package static let options: [ConfigurationOption<ServerNotices>] = [
            ConfigurationOption("user", \.user),
            ConfigurationOption("display_name", \.displayName),
            ConfigurationOption("avatar_url", \.avatarURL),
            ConfigurationOption("room_name", \.roomName),
        ]
    }
}
