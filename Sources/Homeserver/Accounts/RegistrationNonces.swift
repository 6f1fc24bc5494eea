import Store
import Synchronization

/// The nonces that have been given out for registration with the shared secret. Each can be used once, and only for a short time.
final class RegistrationNonces: Sendable {
    private let environment: Environment
    /// In the order in which they were given out, which is that of their ends.
    private let open = Mutex<[(nonce: String, expiresAt: Int64)]>([])

    /// How many letters and digits a nonce has.
    private static let length = 48

    init(environment: Environment) {
        self.environment = environment
    }

    /// A fresh nonce.
    func issue() -> String {
        let nonce = environment.random.alphanumeric(Self.length)
        let now = environment.clock.now()
        open.withLock { open in
            open.removeAll { $0.expiresAt <= now }
            if open.count >= AccountsLimits.registrationNoncesMax { open.removeFirst() }
            open.append((nonce, now + AccountsLimits.registrationNonceMilliseconds))
        }
        return nonce
    }

    /// Uses a nonce up.
    ///
    /// - Returns: whether it was still good.
    func use(_ nonce: String) -> Bool {
        let now = environment.clock.now()
        return open.withLock { open in
            guard let index = open.firstIndex(where: { $0.nonce == nonce }) else { return false }
            return open.remove(at: index).expiresAt > now
        }
    }
}
