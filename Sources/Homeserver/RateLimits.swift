/// How often users and strangers can do what costs the server something, or could be tried until it works. Reports and delayed events have limits
/// of their own.
package struct RateLimits: Sendable, Equatable {
    /// So often at once, and so often in a second in the long run.
    package struct Rate: Sendable, Equatable {
        package var burst: Int
        package var perSecond: Double

        package init(burst: Int, perSecond: Double) {
            self.burst = burst
            self.perSecond = perSecond
        }
    }

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
    /// A user's requests, or those from an address where nobody says who it is, to all endpoints for which the specification lists a limit.
    package var requests = Rate(burst: 10_000, perSecond: 1000)
    /// Events that a user sends to one room to stick there.
    package var stickyEvents = Rate(burst: 1000, perSecond: 1)
    /// How often a user says that they type, or have stopped, and how often what they have read.
    package var ephemeral = Rate(burst: 100, perSecond: 10)
    /// How often a user sets the own presence.
    package var presence = Rate(burst: 10, perSecond: 1)

    package init() {}
}
