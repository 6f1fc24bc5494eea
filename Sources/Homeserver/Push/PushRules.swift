import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store

/// The rules by which users are told of events ("Push Rules: API"). They are kept in the account data `m.push_rules`.
package final class PushRules: Sendable {
    private let database: AccountsDatabase
    private let options: PushRuleOptions

    /// - Parameter options: which rules everybody has.
    init(database: AccountsDatabase, _ options: PushRuleOptions) {
        self.database = database
        self.options = options
    }

    /// All rules of a user.
    package func ruleset(of requester: Requester) throws -> PushRuleset {
        try database.view().pushRuleset(of: requester.userID, options)
    }

    /// One rule.
    ///
    /// - Throws: `M_NOT_FOUND`.
    package func rule(_ id: String, _ kind: PushRuleKind, of requester: Requester) throws -> PushRule {
        guard let rule = try ruleset(of: requester)[kind, id] else { throw Self.notFound }
        return rule
    }

    /// Sets one of the user's own rules (`PUT /pushrules/global/{kind}/{ruleId}`).
    ///
    /// - Throws: `M_INVALID_PARAM` for an ID, an action or a condition that can't be; `M_MISSING_PARAM` for a pattern that is missing;
    ///   `M_UNKNOWN` when there is no rule of the user's own that it is to be put beside; `M_TOO_LARGE` when there would be too much.
    package func set(_ rule: PushRule, _ kind: PushRuleKind, at place: PushRuleset.Place, of requester: Requester) async throws {
        guard kind != .postcontent else { throw MatrixError(.invalidParameter, "Rules of the kind postcontent are the server's") }
        try Self.check(rule, kind)
        try await change(requester) { ruleset in
            guard ruleset.set(rule, kind, at: place) else {
                throw MatrixError(.unknown, "before/after rule not found: \(place.neighbour ?? "")")
            }
        }
    }

    /// Removes one of the user's own rules.
    ///
    /// - Throws: `M_NOT_FOUND`.
    package func remove(_ id: String, _ kind: PushRuleKind, of requester: Requester) async throws {
        try await change(requester) { ruleset in
            guard ruleset.remove(id, kind) else { throw Self.notFound }
        }
    }

    /// Has a rule match, or not.
    ///
    /// - Throws: `M_NOT_FOUND`.
    package func setEnabled(_ isEnabled: Bool, _ id: String, _ kind: PushRuleKind, of requester: Requester) async throws {
        try await change(requester) { ruleset in
            guard ruleset.change(id, kind, { $0.isEnabled = isEnabled }) else { throw Self.notFound }
        }
    }

    /// Gives a rule other actions.
    ///
    /// - Throws: `M_NOT_FOUND`; `M_INVALID_PARAM` for an action that can't be.
    package func setActions(_ actions: [JSONValue], _ id: String, _ kind: PushRuleKind, of requester: Requester) async throws {
        try Self.check(actions: actions)
        try await change(requester) { ruleset in
            guard ruleset.change(id, kind, { $0.actions = actions }) else { throw Self.notFound }
        }
    }

    private func change(_ requester: Requester, _ change: @escaping @Sendable (inout PushRuleset) throws -> Void) async throws {
        let user = requester.userID
        try await Accounts.describingTooMuchAccountData {
            try await database.changeAccountData(of: user, in: nil, type: AccountDataType.pushRules) { [options] old in
                var ruleset = PushRuleset(old, of: user, options)
                try change(&ruleset)
                let content = ruleset.content.encoded()
                guard content.count <= AccountsLimits.accountDataSizeMaxBytes else {
                    throw MatrixError(.tooLarge, "Push rules have at most \(AccountsLimits.accountDataSizeMaxBytes) bytes together")
                }
                return content
            }
        }
    }

    private static let notFound = MatrixError(.notFound, "The push rule was not found")

    // MARK: - Checks

    /// The longest ID of a rule and the longest pattern, in bytes.
    private static let idSizeMaxBytes = 1024
    /// The most conditions of a rule.
    private static let conditionsMax = 50

    private static func check(_ rule: PushRule, _ kind: PushRuleKind) throws(MatrixError) {
        guard !rule.isDefault else { throw MatrixError(.invalidParameter, "The ID of a user's own rule can't begin with a dot") }
        guard !rule.id.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }) else {
            throw MatrixError(.invalidParameter, "A rule's ID has no slashes and backslashes")
        }
        guard (1...idSizeMaxBytes).contains(rule.id.utf8.count) else {
            throw MatrixError(.invalidParameter, "A rule's ID has 1 to \(idSizeMaxBytes) bytes")
        }
        if kind == .content {
            guard let pattern = rule.pattern else { throw MatrixError(.missingParameter, "A content rule needs a pattern") }
            try check(pattern: pattern)
        }
        guard rule.conditions?.count ?? 0 <= conditionsMax else {
            throw MatrixError(.invalidParameter, "A rule has at most \(conditionsMax) conditions")
        }
        for condition in rule.conditions ?? [] {
            guard let condition = condition.objectValue, condition["kind"]?.stringValue != nil else {
                throw MatrixError(.invalidParameter, "A condition is an object with a kind")
            }
            if let pattern = condition["pattern"]?.stringValue { try check(pattern: pattern) }
        }
        try check(actions: rule.actions)
    }

    private static func check(pattern: String) throws(MatrixError) {
        guard pattern.utf8.count <= idSizeMaxBytes else {
            throw MatrixError(.invalidParameter, "A pattern has at most \(idSizeMaxBytes) bytes")
        }
    }

    private static func check(actions: [JSONValue]) throws(MatrixError) {
        guard actions.allSatisfy(PushActions.isAction) else { throw MatrixError(.invalidParameter, "Unrecognised action") }
    }
}
