import Argon2
import MatrixProtocol
import Store

/// Hashes and verifies passwords, a few at a time, on the threads that may be busy for long.
struct PasswordHasher: Sendable {
    private let environment: Environment
    private let limit = ConcurrencyLimit(
        running: AccountsLimits.passwordHashesMax, waiting: AccountsLimits.waitingPasswordHashesMax)

    init(environment: Environment) {
        self.environment = environment
    }

    /// The hash of a new password.
    ///
    /// - Throws: `M_LIMIT_EXCEEDED` when too many wait for theirs.
    func hash(_ password: String) async throws -> String {
        let salt = environment.random.bytes(Argon2id.saltSizeBytes)
        return try await run { try Argon2id.hash(Array(password.utf8), salt: salt) }
    }

    /// Whether the password is the one that was hashed. Without a hash it is not, which takes as long to say, so that nobody learns from
    /// the time whether there is an account.
    ///
    /// - Throws: `M_LIMIT_EXCEEDED` when too many wait for theirs.
    func verify(_ password: String, against hash: String?) async throws -> Bool {
        // Too long a password was never accepted, and is not worth the work.
        guard password.utf8.count <= AccountsLimits.passwordSizeMaxBytes else { return false }
        guard let hash else {
            _ = try await self.hash(password)
            return false
        }
        return try await run { try Argon2id.verify(Array(password.utf8), against: hash) }
    }

    private func run<Result: Sendable>(_ computation: @escaping @Sendable () throws -> Result) async throws -> Result {
        do {
            return try await limit.run {
                try await withTaskExecutorPreference(environment.executors.long) { try computation() }
            }
        } catch is ConcurrencyLimit.Exceeded {
            throw MatrixError(.limitExceeded, "Too many requests with passwords", extra: ["retry_after_ms": 2000])
        }
    }
}
