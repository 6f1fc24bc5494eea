extension Configuration {
    package struct Rooms: ConfigurationSection {
        /// The version of new rooms when a client asks for none.
        package var defaultVersion = "12"

        package init() {}

        package static let options = [ConfigurationOption<Rooms>("default_version", \.defaultVersion)]
    }

    package struct Presence: ConfigurationSection {
        package var enabled = true

        package init() {}

        package static let options = [ConfigurationOption<Presence>("enabled", \.enabled)]
    }

    /// What the databases may take of the machine.
    package struct Store: ConfigurationSection {
        /// The size of the one block cache that all databases share.
        package var blockCache = ByteSize(mebibytes: 64)

        package init() {}

        package static let options = [ConfigurationOption<Store>("block_cache", \.blockCache)]
    }
}
