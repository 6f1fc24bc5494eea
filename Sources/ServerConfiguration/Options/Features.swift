extension Configuration {
    package struct Rooms: ConfigurationSection {
        /// The version of new rooms when a client asks for none.
        package var defaultVersion = "12"
        /// The longest time for which clients can have an event delayed, in seconds.
        package var maxEventDelay = 24 * 60 * 60

        package init() {}

        package static let options: [ConfigurationOption<Rooms>] = [
            ConfigurationOption("default_version", \.defaultVersion),
            ConfigurationOption("max_event_delay", \.maxEventDelay),
        ]
    }

    package struct Presence: ConfigurationSection {
        package var enabled = true

        package init() {}

        package static let options = [ConfigurationOption<Presence>("enabled", \.enabled)]
    }

    /// By which push rules users are told of events.
    package struct Push: ConfigurationSection {
        /// Whether everybody is notified of every encrypted event.
        package var encryptedEvents = false

        package init() {}

        package static let options = [ConfigurationOption<Push>("encrypted_events", \.encryptedEvents)]
    }

    /// What the databases may take of the machine.
    package struct Store: ConfigurationSection {
        /// The size of the one block cache that all databases share.
        package var blockCache = ByteSize(mebibytes: 64)

        package init() {}

        package static let options = [ConfigurationOption<Store>("block_cache", \.blockCache)]
    }
}
