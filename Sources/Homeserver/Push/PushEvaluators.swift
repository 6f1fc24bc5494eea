import AccountsDatabase
import MatrixProtocol
import Store
import Synchronization

/// Remembers users' push rules as they are held against events, each for as long as the user doesn't change them.
final class PushEvaluators: Sendable {
    private struct Known {
        /// When the user has set rules last; `nil` for never.
        let setAt: Position?
        let evaluator: PushEvaluator
    }

    /// Which rules everybody has.
    let options: PushRuleOptions
    private let known = Mutex<[UserID: Known]>([:])

    /// The most users whose rules are remembered at a time.
    private static let usersMax = 4096

    init(_ options: PushRuleOptions) {
        self.options = options
    }

    /// A user's rules.
    func evaluator(of user: UserID, in view: AccountsView) throws -> PushEvaluator {
        let setAt = try view.accountDataPosition(of: user, in: nil, type: AccountDataType.pushRules)
        if let known = known.withLock({ $0[user] }), known.setAt == setAt { return known.evaluator }
        let evaluator = PushEvaluator(try view.pushRuleset(of: user, options), of: user)
        known.withLock { known in
            if known.count >= Self.usersMax { known.removeAll() }
            known[user] = Known(setAt: setAt, evaluator: evaluator)
        }
        return evaluator
    }
}
