import MatrixProtocol
import Store

/// How often accounts are made and opened.
struct AccountsRateLimits: Sendable {
    /// By address.
    let login: RateLimit<String>
    /// By the user as somebody has typed it.
    let wrongPassword: RateLimit<String>
    /// By address.
    let wrongToken: RateLimit<String>
    /// By address.
    let registration: RateLimit<String>
    /// By the email address that messages go to.
    let email: RateLimit<String>

    init(_ rates: RateLimits, clock: any Clock) {
        login = RateLimit(rates.login, clock: clock)
        wrongPassword = RateLimit(rates.failedLogin, clock: clock)
        wrongToken = RateLimit(rates.failedLogin, clock: clock)
        registration = RateLimit(rates.registration, clock: clock)
        email = RateLimit(rates.email, clock: clock)
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
