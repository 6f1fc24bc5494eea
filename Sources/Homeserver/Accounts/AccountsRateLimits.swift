import MatrixProtocol
import Store

/// How often accounts are made, opened and used.
struct AccountsRateLimits: Sendable {
    let login: RateLimit<ClientNetwork>
    /// By the user as somebody has typed it, or by the user and the device that is logged in.
    let wrongPassword: RateLimit<String>
    let wrongToken: RateLimit<ClientNetwork>
    let registration: RateLimit<ClientNetwork>
    /// By the email address that messages go to.
    let email: RateLimit<String>
    /// By user ID, or by address where nobody says who it is.
    let requests: RateLimit<String>
    /// Messages that somebody has sent to any address.
    let emailRequests: RateLimit<ClientNetwork>

    /// So many times as many messages are sent for one client as to one email address.
    private static let emailAddressesPerClient = 10

    init(_ rates: RateLimits, clock: any Clock) {
        login = RateLimit(rates.login, clock: clock)
        wrongPassword = RateLimit(rates.failedLogin, clock: clock)
        wrongToken = RateLimit(rates.failedLogin, clock: clock)
        registration = RateLimit(rates.registration, clock: clock)
        email = RateLimit(rates.email, clock: clock)
        requests = RateLimit(rates.requests, clock: clock)
        emailRequests = RateLimit(
            burst: rates.email.burst * Self.emailAddressesPerClient,
            perSecond: rates.email.perSecond * Double(Self.emailAddressesPerClient), clock: clock)
    }
}

extension Accounts {
    /// Counts a request to an endpoint that the specification lets a server limit.
    ///
    /// - Throws: `M_LIMIT_EXCEEDED`.
    package func countRequest(by requester: Requester?, from address: String?) throws(MatrixError) {
        try rateLimits?.requests.use(by: requester?.userID.string ?? address ?? "")
    }
}

extension RateLimit {
    /// Counts only what fails: refuses to try when too much has failed.
    ///
    /// - Parameter attempt: says whether it has worked.
    /// - Throws: `M_LIMIT_EXCEEDED`, and what `attempt` throws.
    func countingFailures(of client: Client, _ attempt: () async throws -> Bool) async throws -> Bool {
        try check(client)
        let hasWorked = try await attempt()
        if !hasWorked { try? use(by: client) }
        return hasWorked
    }
}
