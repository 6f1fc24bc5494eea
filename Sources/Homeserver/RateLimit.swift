import MatrixProtocol
import Store
import Synchronization

/// Lets everybody, known by a user ID or an address, do something only so often: a few times at once, and then again when time has passed.
final class RateLimit<Client: Hashable & Sendable>: Sendable {
    /// How often at once.
    private let burst: Double
    /// How often in a second, in the long run.
    private let perSecond: Double
    private let clock: any Clock
    private let state = Mutex(State())

    private struct State {
        var uses: [Client: Use] = [:]
        /// How many times have been counted since those were forgotten whose use is over.
        var countedSinceForgetting = 0
    }

    /// How much of the burst is used up, and at which moment.
    private struct Use {
        var level: Double
        var at: Int64
    }

    /// So many of them are remembered at a time; those whose use is over are forgotten first.
    private static var clientsMax: Int { 10_000 }
    /// After so many times those are forgotten whose use is over.
    private static var forgettingInterval: Int { 1000 }

    convenience init(_ rate: RateLimits.Rate, clock: any Clock) {
        self.init(burst: rate.burst, perSecond: rate.perSecond, clock: clock)
    }

    init(burst: Int, perSecond: Double, clock: any Clock) {
        self.burst = Double(burst)
        self.perSecond = perSecond
        self.clock = clock
    }

    /// Counts one more time, or several at once.
    ///
    /// - Throws: `M_LIMIT_EXCEEDED` when the client has to wait; then it isn't counted.
    func use(by client: Client, times: Int = 1) throws(MatrixError) {
        let now = clock.now()
        let refusal = state.withLock { state -> Int64? in
            let isFull = state.uses.count >= Self.clientsMax && state.uses[client] == nil
            state.countedSinceForgetting += 1
            if isFull || state.countedSinceForgetting >= Self.forgettingInterval {
                state.countedSinceForgetting = 0
                state.uses = state.uses.filter { self.level(of: $0.value, at: now) > 0 }
                if state.uses.count >= Self.clientsMax { state.uses.removeAll() }
            }
            let level = state.uses[client].map { self.level(of: $0, at: now) } ?? 0
            let next = level + Double(times)
            guard next <= burst else { return wait(at: next - 1) }
            state.uses[client] = Use(level: next, at: now)
            return nil
        }
        if let refusal { throw Self.exceeded(refusal) }
    }

    /// Checks that the client could do it now, without counting.
    ///
    /// - Throws: `M_LIMIT_EXCEEDED`.
    func check(_ client: Client) throws(MatrixError) {
        let now = clock.now()
        let level = state.withLock { state in state.uses[client].map { self.level(of: $0, at: now) } ?? 0 }
        if level + 1 > burst { throw Self.exceeded(wait(at: level)) }
    }

    private static func exceeded(_ milliseconds: Int64) -> MatrixError {
        MatrixError(.limitExceeded, "Too many requests", extra: ["retry_after_ms": .integer(milliseconds)])
    }

    /// How long somebody has to wait with so much used up, in milliseconds.
    private func wait(at level: Double) -> Int64 {
        Int64(((level + 1 - burst) / perSecond * 1000).rounded(.up))
    }

    private func level(of use: Use, at now: Int64) -> Double {
        max(0, use.level - Double(max(0, now - use.at)) / 1000 * perSecond)
    }
}
