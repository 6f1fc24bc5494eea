package import CanonicalJSON

/// All push rules of a user: what the user has set, and the predefined rules as the user has changed them ("Push Ruleset").
///
/// It is kept as the content of the account data `m.push_rules`. Of predefined rules only their actions and whether they are enabled are taken
/// from there, so that a later version's rules reach those who have changed something before.
package struct PushRuleset: Sendable, Equatable {
    private var rulesByKind: [PushRuleKind: [PushRule]] = [:]

    /// A user's rules.
    ///
    /// - Parameters:
    ///   - content: the content of the account data; `nil` if nothing was ever set.
    ///   - options: which predefined rules there are.
    package init(_ content: JSONObject?, of user: UserID, _ options: PushRuleOptions = PushRuleOptions()) {
        let global = content?["global"]?.objectValue ?? [:]
        for kind in PushRuleKind.allCases {
            let stored = (global[kind.rawValue]?.arrayValue ?? []).compactMap { $0.objectValue.flatMap { PushRule($0, kind) } }
            var own = stored.filter { !$0.isDefault }
            let changed = Dictionary(stored.filter(\.isDefault).map { ($0.id, $0) }) { first, _ in first }
            let predefined = PredefinedPushRules.rules(of: kind, for: user, options).map { rule in
                guard let changed = changed[rule.id] else { return rule }
                var rule = rule
                rule.actions = changed.actions
                rule.isEnabled = changed.isEnabled
                return rule
            }
            if let master = predefined.first, master.id == PredefinedPushRules.master {
                own.insert(master, at: 0)
                rulesByKind[kind] = own + predefined.dropFirst()
            } else {
                rulesByKind[kind] = own + predefined
            }
        }
    }

    /// The rules of a kind, the most important first.
    package subscript(kind: PushRuleKind) -> [PushRule] { rulesByKind[kind] ?? [] }

    /// The rule of that kind and ID, if there is one.
    package subscript(kind: PushRuleKind, id: String) -> PushRule? { self[kind].first { $0.id == id } }

    /// The rules by kind: `Ruleset` of the specification.
    package var json: JSONObject {
        PushRuleKind.allCases.reduce(into: [:]) { json, kind in
            json[kind.rawValue] = .array(self[kind].map { .object($0.json) })
        }
    }

    /// The content of the account data.
    package var content: JSONObject { ["global": .object(json)] }

    // MARK: - Changes

    /// Where a rule is put among the user's own ones of its kind.
    package enum Place: Sendable, Equatable {
        /// Where it is; a new one before all others.
        case any
        /// Right before another one, which then is the next less important.
        case before(String)
        /// Right after another one, which then is the next more important.
        case after(String)

        /// The rule that it is put beside.
        package var neighbour: String? {
            switch self {
            case .any: nil
            case .before(let id), .after(let id): id
            }
        }
    }

    /// Sets one of the user's own rules. One that is there already takes over what it matches and does, and stays enabled or not.
    ///
    /// - Returns: whether it could be done: a rule that it is to be put beside has to be another one of the user's own.
    package mutating func set(_ rule: PushRule, _ kind: PushRuleKind, at place: Place) -> Bool {
        precondition(!rule.isDefault, "the predefined rules are the server's")
        var rules = self[kind]
        let known = rules.firstIndex { $0.id == rule.id }
        var rule = rule
        if let known { rule.isEnabled = rules[known].isEnabled }
        if place == .any, let known {
            rules[known] = rule
        } else {
            if let known { rules.remove(at: known) }
            let first = rules.first?.id == PredefinedPushRules.master ? 1 : 0
            let neighbour = place.neighbour.flatMap { id in rules.firstIndex { $0.id == id && !$0.isDefault } }
            switch (place, neighbour) {
            case (.any, _): rules.insert(rule, at: first)
            case (.before, let neighbour?): rules.insert(rule, at: neighbour)
            case (.after, let neighbour?): rules.insert(rule, at: neighbour + 1)
            default: return false
            }
        }
        rulesByKind[kind] = rules
        return true
    }

    /// Removes one of the user's own rules.
    ///
    /// - Returns: whether it was there.
    package mutating func remove(_ id: String, _ kind: PushRuleKind) -> Bool {
        guard !PushRule.isDefault(id), let index = self[kind].firstIndex(where: { $0.id == id }) else { return false }
        rulesByKind[kind]?.remove(at: index)
        return true
    }

    /// Changes a rule, be it one of the user's own or a predefined one.
    ///
    /// - Returns: whether it is there.
    package mutating func change(_ id: String, _ kind: PushRuleKind, _ change: (inout PushRule) -> Void) -> Bool {
        guard var rule = self[kind, id], let index = self[kind].firstIndex(where: { $0.id == id }) else { return false }
        change(&rule)
        rulesByKind[kind]?[index] = rule
        return true
    }
}
