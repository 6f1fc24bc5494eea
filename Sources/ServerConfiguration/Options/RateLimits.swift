extension Configuration {
    /// How often users and strangers can do something.
    package struct RateLimits: ConfigurationSection {
        package var enabled = true
        /// Logins from an address.
        package var login = Rate(burst: 1000, perSecond: 10)
        /// Wrong passwords for an account, and wrong registration tokens from an address.
        package var failedLogin = Rate(burst: 10, perSecond: 0.1)
        /// Registrations from an address.
        package var registration = Rate(burst: 1000, perSecond: 10)
        /// Messages to an email address.
        package var email = Rate(burst: 5, perSecond: 0.01)
        /// Events that a user sends.
        package var messages = Rate(burst: 10_000, perSecond: 1000)
        /// A user's requests to all endpoints that have a limit.
        package var requests = Rate(burst: 10_000, perSecond: 1000)
        /// Events that a user sends to one room to stick there.
        package var stickyEvents = Rate(burst: 1000, perSecond: 1)
        /// Typing notifications of a user, and receipts.
        package var ephemeral = Rate(burst: 100, perSecond: 10)
        /// How often a user sets the own presence.
        package var presence = Rate(burst: 10, perSecond: 1)

        package init() {}

        package static let options: [ConfigurationOption<RateLimits>] = [
            ConfigurationOption("enabled", \.enabled),
            ConfigurationOption("login", \.login),
            ConfigurationOption("failed_login", \.failedLogin),
            ConfigurationOption("registration", \.registration),
            ConfigurationOption("email", \.email),
            ConfigurationOption("messages", \.messages),
            ConfigurationOption("requests", \.requests),
            ConfigurationOption("sticky_events", \.stickyEvents),
            ConfigurationOption("ephemeral", \.ephemeral),
            ConfigurationOption("presence", \.presence),
        ]
    }

    /// So often at once, and so often in a second in the long run.
    package struct Rate: DescribedValue, Equatable, Sendable {
        package var burst: Int
        package var perSecond: Double

        package static let expectation = "a number at once and one a second, such as 10 + 0.5/s"

        init(burst: Int, perSecond: Double) {
            self.burst = burst
            self.perSecond = perSecond
        }

        /// Nil if `text` is not a rate.
        init?(_ text: String) {
            let parts = text.filter { $0 != " " }.split(separator: "+", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[1].hasSuffix("/s"), let burst = Int(parts[0]), let perSecond = Double(parts[1].dropLast(2)),
                burst > 0, perSecond > 0, perSecond.isFinite
            else { return nil }
            self.init(burst: burst, perSecond: perSecond)
        }

        package init(from decoder: any Decoder) throws {
            self = try decoder.value(Rate.init(_:))
        }
    }
}
