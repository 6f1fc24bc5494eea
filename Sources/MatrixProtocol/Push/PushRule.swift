package import CanonicalJSON

/// What is to be done about events of a sort ("Push Rules").
package struct PushRule: Sendable, Hashable {
    /// What it is called among the rules of its kind; those of the server begin with a dot. For rules about a room or a sender it is their ID.
    package let id: String
    /// Whether the event has to be told of, and how, as it was given: also what is no longer in the specification.
    package var actions: [JSONValue]
    /// What must hold of an event, for rules of the kinds `override` and `underride`; nil for others.
    package var conditions: [JSONValue]?
    /// What the body must have in it, for rules of the kind `content`; nil for others.
    package var pattern: String?
    /// Whether it matches anything at all.
    package var isEnabled: Bool

    package init(id: String, conditions: [JSONValue]? = nil, pattern: String? = nil, actions: [JSONValue], isEnabled: Bool = true) {
        self.id = id
        self.actions = actions
        self.conditions = conditions
        self.pattern = pattern
        self.isEnabled = isEnabled
    }

    /// Reads a rule of a kind; nil for what is none.
    init?(_ json: JSONObject, _ kind: PushRuleKind) {
        guard let id = json["rule_id"]?.stringValue, let actions = json["actions"]?.arrayValue else { return nil }
        self.init(
            id: id, conditions: kind.hasConditions ? json["conditions"]?.arrayValue ?? [] : nil,
            pattern: kind == .content ? json["pattern"]?.stringValue : nil, actions: actions,
            isEnabled: json["enabled"]?.boolValue ?? true)
    }

    /// Whether it is one of the server's own rules.
    package var isDefault: Bool { Self.isDefault(id) }

    /// Whether the ID is that of one of the server's own rules.
    package static func isDefault(_ id: String) -> Bool { id.utf8.first == UInt8(ascii: ".") }

    /// The rule as clients see it: `PushRule` of the specification.
    package var json: JSONObject {
        var json: JSONObject = [
            "rule_id": .string(id), "actions": .array(actions), "default": .bool(isDefault), "enabled": .bool(isEnabled),
        ]
        json["conditions"] = conditions.map { .array($0) }
        json["pattern"] = pattern.map { .string($0) }
        return json
    }
}
