extension Configuration {
    /// One port on one or more addresses, and what is served there.
    package struct Listener: ConfigurationSection {
        /// IP addresses.
        package var bind = ["127.0.0.1"]
        /// The TCP port; 0 takes a free one.
        package var port = 8008
        /// With it the listener speaks TLS, without it plain HTTP.
        package var tls: TLS?
        package var resources: [Resource] = [.client, .federation]

        package init() {}

        package static let options: [ConfigurationOption<Listener>] = [
            ConfigurationOption("bind", \.bind),
            ConfigurationOption("port", \.port),
            ConfigurationOption("tls", \.tls),
            ConfigurationOption("resources", \.resources),
        ]
    }

    /// A listener's certificate and key; both paths are needed.
    package struct TLS: ConfigurationSection {
        /// Path of the certificate chain, PEM.
        package var certificate: String?
        /// Path of the certificate's private key, PEM.
        package var privateKey: String?

        package init() {}

        package static let options: [ConfigurationOption<TLS>] = [
            ConfigurationOption("certificate", \.certificate),
            ConfigurationOption("private_key", \.privateKey),
        ]
    }

    /// A part of what the server serves, given to listeners by name.
    package enum Resource: String, ConfigurationChoice {
        /// The client-server API.
        case client
        /// The server-server API.
        case federation
        /// The administrator's API.
        case admin
        /// The public streams.
        case streams
        /// Figures for monitoring.
        case metrics
    }
}
