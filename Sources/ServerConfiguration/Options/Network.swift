extension Configuration {
    /// The traffic with other servers.
    package struct Federation: ConfigurationSection {
        package var enabled = true
        /// Paths of certificates, PEM, that are trusted beside the system's.
        package var certificateAuthorities: [String] = []

        package init() {}

        package static let options: [ConfigurationOption<Federation>] = [
            ConfigurationOption("enabled", \.enabled),
            ConfigurationOption("certificate_authorities", \.certificateAuthorities),
        ]
    }

    /// Who is trusted in the network, and whom the server itself makes no requests to.
    package struct Network: ConfigurationSection {
        /// Reverse proxies that are believed when they say where a request comes from.
        package var trustedProxies = Network.loopbackRanges
        /// Addresses that no request goes to which a stranger can cause.
        package var deniedIPRanges = Network.privateAndLocalRanges

        package init() {}

        package static let options: [ConfigurationOption<Network>] = [
            ConfigurationOption("trusted_proxies", \.trustedProxies),
            ConfigurationOption("denied_ip_ranges", \.deniedIPRanges),
        ]

        /// The machine itself.
        package static let loopbackRanges: [IPRange] = ["127.0.0.0/8", "::1/128"].compactMap { IPRange($0) }

        /// All ranges that do not lead to a host of the public internet, after IANA's registries of special-purpose addresses.
        package static let privateAndLocalRanges: [IPRange] = [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
            "224.0.0.0/4", "240.0.0.0/4",
            "::/127", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
            "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        ].compactMap { IPRange($0) }
    }
}
