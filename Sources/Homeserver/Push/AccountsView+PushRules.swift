import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

extension AccountsView {
    /// A user's push rules.
    func pushRuleset(of user: UserID, _ options: PushRuleOptions) throws -> PushRuleset {
        PushRuleset(try accountData(of: user, in: nil, type: AccountDataType.pushRules), of: user, options)
    }

    /// A user's global account data, as clients see it: the push rules are always there and whole.
    func globalAccountData(of user: UserID, _ options: PushRuleOptions) throws -> [(type: String, content: [UInt8])] {
        var entries = try accountData(of: user, in: nil)
        entries.removeAll { $0.type == AccountDataType.pushRules }
        entries.append((AccountDataType.pushRules, try pushRuleset(of: user, options).content.encoded()))
        return entries
    }
}

extension PushRuleset {
    /// A user's rules by what is kept of them, JSON; `nil` for nothing.
    init(_ content: [UInt8]?, of user: UserID, _ options: PushRuleOptions) {
        self.init(content.flatMap { try? JSONValue(parsing: $0) }?.objectValue, of: user, options)
    }
}
